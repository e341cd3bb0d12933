// Prints how long a new process takes to load the given bundle, in milliseconds.
import { pathToFileURL } from 'node:url';

const [, , file = ''] = process.argv;
const url = pathToFileURL(file).href;

const begun = performance.now();
const { handler } = await import(url);
const milliseconds = performance.now() - begun;

if (typeof handler !== 'function') throw new Error(`${file} has no handler.`);
const talking = process.getActiveResourcesInfo().filter((name) => /TCP|TLS|UDP|AddrInfo|QueryReq/.test(name));
if (talking.length > 0) throw new Error(`${file} uses the network while it loads: ${talking.join(', ')}.`);
console.log(milliseconds);
