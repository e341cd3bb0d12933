import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { littleMemory } from '../little-memory.ts';
import { moduleFlags } from './compiled.ts';
import { divide } from './divide.ts';
import { type Log, openLog } from './log.ts';
import type { Order } from './runtime.ts';

/** A process of the runtime. It has sandboxes of several functions, and one of them works at a time. */
export interface RuntimeProcess {
  /** Whether a sandbox works or loads. Its user keeps this. */
  busy: boolean;
  /** Resolves to the reason when the process is gone. */
  readonly exited: Promise<string>;
  /** Resolves when the process is gone and its output is in the logs. */
  readonly logged: Promise<void>;
  /** Whether it can run another invocation. */
  usable(): boolean;
  /** Whether it can get a sandbox for the code in a folder. It has a folder only once, because Node never forgets a module. */
  hasRoomFor(taskRoot: string): boolean;
  /** Starts a sandbox. */
  start(id: string, environment: Environment, logFile: string): void;
  /** Ends an idle sandbox. The process ends with its last one. */
  end(id: string): void;
  /** Does not use it any more. It ends by itself. */
  retire(): void;
  kill(): void;
}

type Environment = Order['environment'];

/**
 * How many sandboxes a process ever has. Each takes about 2 MB, and a process without any takes 12 MB. If one crashes, the others of its
 * process have to start again.
 */
const mostSandboxes = 16;
/** The length of an access key ID, which identifies a sandbox. */
const idLength = 20;

/** Starts a process of the runtime. Its environment has nothing from this process. */
export function startRuntimeProcess(runtimeFile: string): RuntimeProcess {
  const secret = randomUUID();
  /** By the ID of the sandbox, which may have ended. */
  const logs = new Map<string, { readonly stdout: Log; readonly stderr: Log }>();
  const sandboxes = new Set<string>();
  const taskRoots = new Set<string>();
  /** Why the process is gone or will be soon. */
  let ending: string | undefined;

  const child = spawn(process.execPath, [...littleMemory, ...moduleFlags, runtimeFile, secret], {
    // Its threads share their memory. No sandbox sees this variable.
    env: { LANG: 'en_US.UTF-8', TZ: ':UTC', MALLOC_ARENA_MAX: '2' },
    // The last pipe brings orders. It closes when this process ends, and then the runtime ends.
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const orders = child.stdio[3] as Writable | undefined;
  // The process may end before it has read them. Then its exit is what counts.
  orders?.on('error', () => undefined);
  const order = (line: Order) => orders?.write(`${JSON.stringify(line)}\n`);
  const outputs = [child.stdout, child.stderr].flatMap((output) => output ?? []);
  const logged = Promise.all([
    child.stdout && divide(child.stdout, secret, idLength, (id) => logs.get(id)?.stdout),
    child.stderr && divide(child.stderr, secret, idLength, (id) => logs.get(id)?.stderr),
  ]).then(() => {
    for (const { stdout, stderr } of logs.values()) {
      stdout.end();
      stderr.end();
    }
  });
  const exited = new Promise<string>((resolve) => {
    const end = (reason: string) => {
      ending = reason;
      for (const output of outputs) closeSoon(output);
      resolve(reason);
    };
    child.once('exit', (code, signal) => end(exitReason(code, signal)));
    child.once('error', (error) => end(`Runtime failed to start: ${error.message}`));
  });
  const kill = () => {
    ending ??= exitReason(null, 'SIGKILL');
    child.kill('SIGKILL');
  };

  return {
    busy: false,
    exited,
    logged,
    usable: () => ending === undefined,
    hasRoomFor: (taskRoot) => taskRoots.size < mostSandboxes && !taskRoots.has(taskRoot),
    start(id, environment, logFile) {
      taskRoots.add(environment.LAMBDA_TASK_ROOT);
      logs.set(id, { stdout: openLog(logFile), stderr: openLog(logFile) });
      sandboxes.add(id);
      order({ id, environment });
    },
    end(id) {
      sandboxes.delete(id);
      if (sandboxes.size === 0) kill();
    },
    retire() {
      ending ??= exitReason(0, null);
    },
    kill,
  };
}

/** A process that a function has started may hold the output open for longer than its own process lives. */
function closeSoon(output: Readable): void {
  const timer = setTimeout(() => output.destroy(), 1000);
  output.once('close', () => clearTimeout(timer));
}

function exitReason(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal) return `Runtime exited with error: signal: ${signalNames[signal] ?? signal}`;
  return code === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: exit status ${code}`;
}

const signalNames: Partial<Record<NodeJS.Signals, string>> = {
  SIGKILL: 'killed',
  SIGTERM: 'terminated',
  SIGSEGV: 'segmentation fault',
  SIGABRT: 'aborted',
};
