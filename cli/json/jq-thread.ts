import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { loadJq } from 'jq-wasm';
import { type JqAnswer, jqProgram } from './jq-program.ts';

/**
 * The thread of a jq expression, so that Ctrl-C also ends one that runs forever. It gets the expression at its start, says whether that is
 * valid, and answers each input with the outputs.
 */
const { expression } = workerData as { readonly expression: string };
const port = parentPort as MessagePort;
const program = jqProgram(await loadJq({ wasmBinary: readFileSync(join(import.meta.dirname, 'jq.wasm')) }), expression);
const answer = (value: JqAnswer) => port.postMessage(value);
port.on('message', (input: string) => answer(program.run(input)));
answer(program.check());
