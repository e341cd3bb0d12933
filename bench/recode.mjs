// What the measurements of commands share.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** This build's program. */
export const recode = join(import.meta.dirname, '../bin/recode.js');

/**
 * The environment variables of a person whose home folder, and embedded AWS, is a folder.
 *
 * @param {string} folder
 */
export function variablesIn(folder) {
  return {
    PATH: process.env.PATH,
    HOME: folder,
    RECODE_LOCAL_DIR: join(folder, 'local'),
    // Nobody listens there. The start only warns.
    GITHUB_API_URL: 'http://127.0.0.1:9',
  };
}

/**
 * Runs Node.js with arguments. Resolves to the milliseconds this takes.
 *
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} variables
 * @param {'inherit' | 'ignore'} [stderr]
 * @returns {Promise<number>}
 */
export function run(args, variables, stderr = 'inherit') {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    spawn(process.execPath, args, { env: variables, stdio: ['ignore', 'ignore', stderr] })
      .once('error', reject)
      .once('exit', (code) => {
        if (code === 0) resolve(performance.now() - begun);
        else reject(new Error(`node ${args.join(' ')} ended with the exit code ${code}.`));
      });
  });
}

/**
 * Runs Node.js with arguments. Resolves to its peak memory in MB.
 *
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} variables
 */
export async function peakMemory(args, variables) {
  const file = join(variables.HOME ?? '', 'peak-memory');
  await run(['--require', join(import.meta.dirname, 'peak-memory.cjs'), ...args], { ...variables, PEAK_MEMORY_FILE: file });
  return Number(readFileSync(file, 'utf8')) / 1024;
}

/** @param {readonly number[]} numbers */
export function median(numbers) {
  return [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
