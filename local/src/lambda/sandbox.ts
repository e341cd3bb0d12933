import { randomBytes, randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import type { StackFunction } from './functions.ts';
import { type Effort, longestResponse, noEffort, type RuntimeApi, type RuntimeFailure } from './runtime-api.ts';
import type { RuntimeProcess } from './runtime-process.ts';

/** The result of an invocation: the handler's answer, or an error in Lambda's words, with JSON as its cause. */
export type Invocation = { readonly payload: unknown } | { readonly error: string; readonly cause: string };

/** The code of one function, loaded in a process. It runs one invocation at a time. */
export interface Sandbox {
  readonly accessKeyId: string;
  /** Resolves when it has loaded its function, to what that took, or to no effort when it is gone. */
  readonly loaded: Promise<Effort>;
  /** Resolves when it has ended, or its process is gone. */
  readonly exited: Promise<void>;
  /** Whether it can run another invocation: not after a timeout, an exit or `kill`. */
  usable(): boolean;
  /** Passes the event (JSON) to the handler. Only for a usable, idle sandbox. Never rejects. */
  invoke(event: string): Promise<Invocation>;
  /** What its latest invocation took; no effort if it ended before it could tell. */
  effort(): Effort;
  /** Ends it while it is idle. */
  end(): void;
  /** Kills its process, which others may be in. Resolves when it is gone. */
  kill(): Promise<void>;
}

export interface SandboxOptions {
  readonly function: StackFunction;
  readonly region: string;
  /** The folder with the function's code. */
  readonly taskRoot: string;
  readonly runtime: RuntimeProcess;
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

/** Starts a sandbox for a function in a process that has room for it. */
export function startSandbox(options: SandboxOptions): Sandbox {
  const { function: lambda, clock, runtime } = options;
  const accessKeyId = `ASIA${randomText(16)}`;
  let waiting: ServerResponse | undefined;
  let current: CurrentInvocation | undefined;
  let initializationFailure: RuntimeFailure | undefined;
  let effort = noEffort;
  let ended = false;

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
    runtime.kill();
    const message = `RequestId: ${requestId} Error: Task timed out after ${lambda.timeoutSeconds.toFixed(2)} seconds`;
    settle(failure({ errorType: 'Sandbox.Timedout', errorMessage: message }));
  };

  let tellLoaded = (_: Effort) => {};
  const loaded = new Promise<Effort>((resolve) => {
    tellLoaded = resolve;
  });
  const api = options.runtimeApi.serve({
    next(response, used) {
      tellLoaded(used);
      waiting = response;
      deliver();
    },
    response(requestId, payload, { effort: used, last }) {
      if (last) runtime.retire();
      if (requestId !== current?.requestId) return;
      effort = used;
      settle(payload === undefined ? tooLarge() : { payload: JSON.parse(payload) });
    },
    error(requestId, reported, { effort: used, last }) {
      if (last) runtime.retire();
      if (requestId === undefined) initializationFailure = reported;
      if (requestId === undefined || requestId !== current?.requestId) return;
      effort = used;
      settle(failure(reported));
    },
  });

  runtime.start(accessKeyId, environmentOf(options, accessKeyId, api.address), options.logFile);
  let tellExited = () => {};
  const exited = new Promise<void>((resolve) => {
    tellExited = resolve;
  });
  const end = () => {
    if (ended) return;
    ended = true;
    api.close();
    // Then the runtime forgets it.
    waiting?.writeHead(410).end();
    tellLoaded(noEffort);
    tellExited();
  };
  void runtime.exited.then((reason) => {
    settle(exitFailure(reason));
    end();
  });
  const exitFailure = (reason: string): Invocation => {
    const id = current ? `RequestId: ${current.requestId} ` : '';
    return failure(initializationFailure ?? { errorType: 'Runtime.ExitError', errorMessage: `${id}Error: ${reason}` });
  };

  return {
    accessKeyId,
    loaded,
    exited,
    usable: () => !ended && runtime.usable(),
    effort: () => effort,
    invoke(event) {
      return new Promise((resolve) => {
        const requestId = randomUUID();
        effort = noEffort;
        const timer = setTimeout(timeOut, longestInitialization + lambda.timeoutSeconds * 1000, requestId);
        current = { requestId, event, settle: resolve, timer };
        // It may have died after it was chosen.
        if (ended) void runtime.exited.then((reason) => settle(exitFailure(reason)));
        else deliver();
      });
    },
    end() {
      end();
      runtime.end(accessKeyId);
    },
    async kill() {
      runtime.kill();
      await runtime.exited;
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

function randomText(length: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return [...randomBytes(length)].map((byte) => letters[byte % letters.length]).join('');
}
