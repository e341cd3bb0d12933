import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** An environment variable with the instance's ID in all processes of an instance, whatever their session. */
export const instanceVariable = 'EC2_INSTANCE_ID';

/** Kills all processes of an instance, including those from an earlier embedded AWS. Throws if some are alive after two seconds. */
export async function killProcesses(instanceId: string): Promise<void> {
  for (let attempt = 0; attempt < 40; attempt++) {
    const alive = processesOf(instanceId);
    if (alive.length === 0) return;
    for (const pid of alive) kill(pid, 'SIGKILL');
    await sleep(50);
  }
  throw new Error(`Processes of instance ${instanceId} survive SIGKILL: ${processesOf(instanceId).join(', ')}`);
}

/** Sends a signal to a process (a positive ID) or a process group (a negative ID), if it exists. */
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
    // It ended in the meantime, or it belongs to another user, so it is not in an instance.
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}
