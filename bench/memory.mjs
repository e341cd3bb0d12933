// How much memory an embedded AWS has.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The memory of all processes of an embedded AWS, in MB.
 *
 * @param {string} stateDirectory
 * @returns {number}
 */
export function memoryOf(stateDirectory) {
  return sumOf(processesOf(stateDirectory), megabytesOf);
}

/**
 * The open files of all processes of an embedded AWS.
 *
 * @param {string} stateDirectory
 * @returns {number}
 */
export function openFilesOf(stateDirectory) {
  return sumOf(processesOf(stateDirectory), (one) => readdirSync(`/proc/${one}/fd`).length);
}

/**
 * What processes have in all. The scripts of instances come and go: what has ended since has nothing.
 *
 * @param {readonly number[]} processes
 * @param {(pid: number) => number} numberOf
 */
function sumOf(processes, numberOf) {
  return processes.reduce((sum, one) => {
    try {
      return sum + numberOf(one);
    } catch (error) {
      if (!['ENOENT', 'ESRCH'].includes(/** @type {NodeJS.ErrnoException} */ (error).code ?? '')) throw error;
      return sum;
    }
  }, 0);
}

/** @param {string} stateDirectory */
function processesOf(stateDirectory) {
  const { pid } = JSON.parse(readFileSync(join(stateDirectory, 'process.json'), 'utf8'));
  return withDescendants(pid);
}

/**
 * A process and those that it has started, directly or not.
 *
 * @param {number} pid
 * @returns {number[]}
 */
function withDescendants(pid) {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => /** @type {const} */ ([Number(name), parentOf(name)]));
  const found = new Set([pid]);
  for (const one of found) for (const [child, parent] of parents) if (parent === one) found.add(child);
  return [...found];
}

/** @param {string} pid */
function parentOf(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1]);
  } catch {
    // It has ended since.
    return undefined;
  }
}

/**
 * The memory of a process. Of what it shares with others, it has its part (https://docs.kernel.org/filesystems/proc.html).
 *
 * @param {number} pid
 */
function megabytesOf(pid) {
  // One that has just ended has no memory.
  return Number(/^Pss: +(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024;
}
