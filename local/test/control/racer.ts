// Starts the embedded AWS and prints where it runs. control.test.ts runs several of these processes at once.
import { type Installation, up } from '../../src/control/control.ts';

const installation = JSON.parse(process.argv[2] ?? '') as Installation;
process.stdout.write(JSON.stringify(await up(installation)));
