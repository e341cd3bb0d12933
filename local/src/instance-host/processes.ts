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

/** What the processes of an instance use. */
export interface Usage {
  /** Their CPU time since the first look, in microseconds. What runs between two looks, and nobody waits for, is not in it. */
  readonly cpuMicroseconds: number;
  /** The numbers of their pseudo-terminals. */
  readonly terminals: readonly number[];
}

/** Looks at the processes of an instance from time to time. */
export function usageMeter(instanceId: string): () => Usage {
  let known = 0;
  let total = 0;
  return () => {
    const stats = recentProcessesOf(instanceId).flatMap(statOf);
    // A process that has ended is in the time of its parent.
    const sum = stats.reduce((all, { ticks }) => all + ticks, 0);
    total += Math.max(0, sum - known);
    known = sum;
    const terminals = stats.flatMap(({ terminal }) => terminal ?? []);
    return { cpuMicroseconds: total * microsecondsOfTick, terminals: [...new Set(terminals)] };
  };
}

// USER_HZ is 100 on every architecture that Node.js runs on.
const microsecondsOfTick = 10_000;

/** The CPU time and the terminal of a process: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function statOf(pid: number): { readonly ticks: number; readonly terminal: number | undefined }[] {
  const text = readOrGone(`/proc/${pid}/stat`);
  if (text === undefined) return [];
  // The second field, the name in brackets, may have spaces and brackets.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const number = (field: number) => Number(fields[field - 3]);
  const ticks = [14, 15, 16, 17].reduce((all, field) => all + number(field), 0);
  const device = number(7);
  const isTerminal = ((device >> 8) & 0xfff) === unix98;
  return [{ ticks, terminal: isTerminal ? (device & 0xff) | ((device >> 12) & 0xfff00) : undefined }];
}

// The major number of pseudo-terminals: https://www.kernel.org/doc/Documentation/admin-guide/devices.txt
const unix98 = 136;

const processesOf = (instanceId: string): readonly number[] => processesOfAll().get(instanceId) ?? [];

/** The processes of all instances. It reads the environments of all processes of this machine. */
function processesOfAll(): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const variables = readOrGone(`/proc/${pid}/environ`)?.split('\0') ?? [];
    const variable = variables.find((one) => one.startsWith(`${instanceVariable}=`));
    if (variable === undefined) continue;
    const instanceId = variable.slice(instanceVariable.length + 1);
    found.set(instanceId, [...(found.get(instanceId) ?? []), Number(pid)]);
  }
  return found;
}

/** Instances that boot together look together, at the same processes. In milliseconds. */
const recent = 100;
let latest: { readonly at: number; readonly processes: ReadonlyMap<string, readonly number[]> } | undefined;

function recentProcessesOf(instanceId: string): readonly number[] {
  const now = performance.now();
  if (!latest || now - latest.at > recent) latest = { at: now, processes: processesOfAll() };
  return latest.processes.get(instanceId) ?? [];
}

/** Undefined if the process has ended meanwhile, or belongs to another user and so to no instance. */
function readOrGone(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
