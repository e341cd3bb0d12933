import { existsSync, readFileSync } from 'node:fs';

/** Whether a process runs. False if only its entry is left. */
export function alive(pid: number): boolean {
  const status = `/proc/${pid}/status`;
  return existsSync(status) && !/^State:\s+Z.*^Threads:\s+1$/ms.test(readFileSync(status, 'utf8'));
}

/** Kills a process and waits until it is gone. */
export async function kill(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  while (alive(pid)) await new Promise((resume) => setTimeout(resume, 5));
}
