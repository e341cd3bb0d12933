import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import type { StackFunction } from './functions.ts';
import { logLines } from './log.ts';
import { longestResponse, type RuntimeApi, type RuntimeFailure } from './runtime-api.ts';

/** The result of an invocation: the handler's answer, or an error in Lambda's words, with JSON as its cause. */
export type Invocation = { readonly payload: unknown } | { readonly error: string; readonly cause: string };

/** A process for one function. It runs one invocation at a time. */
export interface Sandbox {
  readonly accessKeyId: string;
  /** Resolves when it has loaded its function, to the CPU time that this took in milliseconds, or to 0 when it is gone. */
  readonly loaded: Promise<number>;
  /** Resolves when the process is gone. */
  readonly exited: Promise<void>;
  /** Whether it can run another invocation: not after a timeout, an exit or `kill`. */
  usable(): boolean;
  /** Passes the event (JSON) to the handler. Only for a usable, idle sandbox. Never rejects. */
  invoke(event: string): Promise<Invocation>;
  /** The CPU time of its latest invocation, in milliseconds; 0 if it ended before it could tell. */
  cpuMilliseconds(): number;
  /** Kills the process. Resolves when it is gone. */
  kill(): Promise<void>;
}

export interface SandboxOptions {
  readonly function: StackFunction;
  readonly region: string;
  /** The folder with the function's code. */
  readonly taskRoot: string;
  readonly runtimeFile: string;
  readonly runtimeApi: RuntimeApi;
  /** The endpoint of AWS for the function. */
  readonly endpoint: string;
  readonly clock: Clock;
  /** The file for the output of the function. */
  readonly logFile: string;
}

/** How long the initialization may take before the first event, in milliseconds. */
const longestInitialization = 10_000;

interface CurrentInvocation {
  readonly requestId: string;
  readonly event: string;
  readonly settle: (invocation: Invocation) => void;
  timer: NodeJS.Timeout;
}

/** Starts a process for a function. Its environment has nothing from this process. */
export function startSandbox(options: SandboxOptions): Sandbox {
  const { function: lambda, clock } = options;
  const accessKeyId = `ASIA${randomText(16)}`;
  let waiting: ServerResponse | undefined;
  let current: CurrentInvocation | undefined;
  let initializationFailure: RuntimeFailure | undefined;
  let cpu = 0;
  /** Why the process is gone or will be soon. */
  let ending: string | undefined;

  const settle = (invocation: Invocation) => {
    if (!current) return;
    clearTimeout(current.timer);
    current.settle(invocation);
    current = undefined;
  };

  const deliver = () => {
    if (!waiting || !current) return;
    const { requestId, event } = current;
    clearTimeout(current.timer);
    current.timer = setTimeout(timeOut, lambda.timeoutSeconds * 1000, requestId);
    waiting
      .writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': requestId,
        'lambda-runtime-deadline-ms': String(Date.now() + lambda.timeoutSeconds * 1000),
        'lambda-runtime-invoked-function-arn': lambda.arn,
        ...clockHeader(clock),
      })
      .end(event);
    waiting = undefined;
  };

  const timeOut = (requestId: string) => {
    kill();
    const message = `RequestId: ${requestId} Error: Task timed out after ${lambda.timeoutSeconds.toFixed(2)} seconds`;
    settle(failure({ errorType: 'Sandbox.Timedout', errorMessage: message }));
  };

  let tellLoaded = (_: number) => {};
  const loaded = new Promise<number>((resolve) => {
    tellLoaded = resolve;
  });
  const api = options.runtimeApi.serve({
    next(response, used) {
      tellLoaded(used);
      waiting = response;
      deliver();
    },
    response(requestId, payload, used) {
      if (requestId !== current?.requestId) return;
      cpu = used;
      settle(payload === undefined ? tooLarge() : { payload: JSON.parse(payload) });
    },
    error(requestId, reported, used) {
      if (requestId === undefined) initializationFailure = reported;
      if (requestId === undefined || requestId !== current?.requestId) return;
      cpu = used;
      settle(failure(reported));
    },
  });

  const child = spawn(process.execPath, [options.runtimeFile], {
    cwd: options.taskRoot,
    env: environmentOf(options, accessKeyId, api.address),
    // Nobody writes to the last pipe. It closes when this process ends, and then the sandbox ends.
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  for (const output of [child.stdout, child.stderr]) if (output) logLines(output, options.logFile);
  const kill = () => {
    ending ??= exitReason(null, 'SIGKILL');
    child.kill('SIGKILL');
  };
  const exited = new Promise<void>((resolve) => {
    const end = (reason: string) => {
      ending = reason;
      api.close();
      tellLoaded(0);
      settle(exitFailure(reason));
      resolve();
    };
    child.once('exit', (code, signal) => end(exitReason(code, signal)));
    child.once('error', (error) => end(`Runtime failed to start: ${error.message}`));
  });
  const exitFailure = (reason: string): Invocation => {
    const id = current ? `RequestId: ${current.requestId} ` : '';
    return failure(initializationFailure ?? { errorType: 'Runtime.ExitError', errorMessage: `${id}Error: ${reason}` });
  };

  return {
    accessKeyId,
    loaded,
    exited,
    usable: () => ending === undefined,
    cpuMilliseconds: () => cpu,
    invoke(event) {
      return new Promise((resolve) => {
        // It may have died after it was chosen.
        if (ending !== undefined) return resolve(exitFailure(ending));
        const requestId = randomUUID();
        cpu = 0;
        const timer = setTimeout(timeOut, longestInitialization + lambda.timeoutSeconds * 1000, requestId);
        current = { requestId, event, settle: resolve, timer };
        deliver();
      });
    },
    async kill() {
      kill();
      await exited;
    },
  };
}

function environmentOf({ function: lambda, region, taskRoot, endpoint }: SandboxOptions, accessKeyId: string, runtimeApi: string) {
  return {
    ...lambda.environment,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: randomText(40),
    AWS_SESSION_TOKEN: randomText(120),
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL: endpoint,
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    AWS_LAMBDA_FUNCTION_NAME: lambda.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(lambda.memoryMegabytes),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${lambda.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: accessKeyId,
    // Otherwise the SDK would warn about this version of Node in each log. A deployed function runs on the runtime of the stack.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    _HANDLER: lambda.handler,
    LAMBDA_TASK_ROOT: taskRoot,
    LANG: 'en_US.UTF-8',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    TZ: ':UTC',
  };
}

/** Tells the sandbox the time, if that is not real time. */
function clockHeader(clock: Clock): Record<string, string> {
  const now = clock.now();
  const realNow = Date.now();
  if (clock.rate() === 1 && Math.abs(now - realNow) <= 1) return {};
  return { 'x-embedded-aws-clock': `${now} ${realNow} ${clock.rate()}` };
}

function failure(reported: RuntimeFailure): Invocation {
  return { error: reported.errorType, cause: JSON.stringify(reported) };
}

function tooLarge(): Invocation {
  const errorMessage = `Response payload size exceeded maximum allowed payload size (${longestResponse} bytes).`;
  return failure({ errorType: 'Function.ResponseSizeTooLarge', errorMessage });
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

function randomText(length: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return [...randomBytes(length)].map((byte) => letters[byte % letters.length]).join('');
}
