import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { RecodeError } from '../../core/errors.ts';
import type { JqAnswer } from './jq-program.ts';

/** A jq expression that is valid. */
export interface JqFilter {
  /** Its outputs for a value. Throws RecodeError UsageNotValid with jq's message if it fails on this value. */
  run(value: unknown): Promise<readonly unknown[]>;
}

/**
 * Loads jq with an expression.
 *
 * @throws RecodeError UsageNotValid with jq's message
 */
export async function openJq(expression: string): Promise<JqFilter> {
  // WebAssembly writes to stderr before it says that it has failed.
  const thread = new Worker(join(import.meta.dirname, 'jq-thread.js'), { workerData: { expression }, stderr: true });
  // It ends with the command.
  thread.unref();
  await answered(thread, (error) => `Invalid --jq expression: ${error}`);
  return {
    run(value) {
      thread.postMessage(JSON.stringify(value));
      return answered(thread, (error) => `The --jq expression fails: ${error}`);
    },
  };
}

async function answered(thread: Worker, refusal: (error: string) => string): Promise<readonly unknown[]> {
  thread.ref();
  const [answer] = (await once(thread, 'message')) as [JqAnswer];
  thread.unref();
  if ('error' in answer) throw new RecodeError('UsageNotValid', refusal(answer.error));
  return answer.outputs;
}
