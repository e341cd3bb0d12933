import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Every process of an instance carries this variable with the instance's id, as do its children, whatever session they join. */
export const instanceVariable = 'EC2_INSTANCE_ID';

/**
 * Kills every process of an instance, also those that an earlier run of the embedded AWS left behind.
 * Throws when some are still alive after two seconds.
 */
export async function killProcesses(instanceId: string): Promise<void> {
  for (let attempt = 0; attempt < 40; attempt++) {
    const alive = processesOf(instanceId);
    if (alive.length === 0) return;
    for (const pid of alive) kill(pid, 'SIGKILL');
    await sleep(50);
  }
  throw new Error(`Processes of instance ${instanceId} survive SIGKILL: ${processesOf(instanceId).join(', ')}`);
}

/** Sends a signal to a process (a positive id) or a process group (a negative one); one that is gone is left alone. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function processesOf(instanceId: string): number[] {
  const marker = `${instanceVariable}=${instanceId}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => environmentOf(pid).includes(marker));
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch (error) {
    // It ended in the meantime, or it belongs to somebody else, and so to no instance of ours.
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}
