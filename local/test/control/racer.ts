// A process that brings the embedded AWS up and prints where it runs: control.test.ts races several of them.
import { type Installation, up } from '../../src/control/control.ts';

const installation = JSON.parse(process.argv[2] ?? '') as Installation;
process.stdout.write(JSON.stringify(await up(installation)));
