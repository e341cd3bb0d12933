import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { type Clock, holding } from '../clock.ts';
import { defaultLatency, Latency, profiles } from '../profiles.ts';
import type { Stack } from '../stack/stack.ts';
import { createPool } from './pool.ts';
import type { Invocation } from './sandbox.ts';

export type { Invocation } from './sandbox.ts';

/**
 * Invokes a function with an event, in the order of the calls. After the signal aborts, an invocation that waits never begins, like one
 * that AWS throttled; one that has begun goes on. Rejects only if the function's code cannot be read.
 */
export type Invoke = (functionArn: string, event: unknown, signal?: AbortSignal) => Promise<Invocation>;

/** Lambda with the stack's functions, run in sandboxes. */
export interface Lambda {
  readonly invoke: Invoke;
  /** Invokes functions for a state machine, with the permissions of its role. */
  invokedBy(stateMachineArn: string): Invoke;
  /** The function whose sandbox has these credentials, and who it is to AWS. */
  ownerOf(accessKeyId: string): { functionName: string; arn: string } | undefined;
  /** Kills the sandbox with these credentials. Resolves when it is dead, to false if it did not exist. */
  crash(accessKeyId: string): Promise<boolean>;
  /**
   * Mounted at `/_local/lambda`. GET lists the functions at work, one entry per invocation, and shows the settings; a `concurrency` of null
   * is any number. POST changes the settings that it names, DELETE resets them.
   */
  admin(method: string, body: unknown): Settings & { readonly underWay: readonly string[] };
  /** Kills all sandboxes. Invocations that run or wait end with an error. */
  stop(): Promise<void>;
}

export interface LambdaOptions {
  readonly stack: Pick<Stack, 'accountId' | 'region' | 'functions'>;
  /** For the unpacked code and the functions' logs (`logs/<function>.log`). */
  readonly stateDirectory: string;
  /** The endpoint of AWS for the functions. Called when a sandbox starts. */
  readonly endpoint: () => string;
  readonly clock: Clock;
  /** The bundle of `lambda/runtime.ts`. */
  readonly runtimeFile: string;
  /**
   * The most sandboxes at a time, about 2 MB each, and 12 MB for their process. By default, enough to keep one of each function. With times
   * as on AWS, it only ends idle sandboxes, and is what fits into half of the memory.
   */
  readonly limit?: number;
  /** How long a sandbox stays idle before it ends, in milliseconds of real time: by default a minute. With times as on AWS, these count. */
  readonly idleTime?: number;
  /** Why a state machine may not invoke a function; undefined if it may. By default, each may invoke all. */
  readonly invocationRefusal?: (stateMachineArn: string, functionArn: string) => string | undefined;
}

const Settings = v.strictObject({
  latency: Latency,
  /** How many invocations may run at once; null for what the latency has. */
  concurrency: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1))),
  /** Environment variables that all functions have in addition to those of the stack. */
  environment: v.record(v.string(), v.string()),
});
type Settings = v.InferOutput<typeof Settings>;

function defaultSettings(): Settings {
  return { latency: defaultLatency, concurrency: null, environment: {} };
}

/** The longest event, in bytes. */
const longestEvent = 6_291_456;

export function createLambda(options: LambdaOptions): Lambda {
  const { stack, invocationRefusal } = options;
  const functions = new Map(stack.functions.map((one) => [one.arn, one]));
  const settings: Settings = defaultSettings();
  let running = 0;
  const concurrency = () => settings.concurrency ?? profiles[settings.latency].lambda.concurrency ?? null;
  const pool = createPool({ ...options, times: () => profiles[settings.latency].lambda.times });

  const invoke: Invoke = async (functionArn, event, signal) => {
    const found = functions.get(functionArn);
    if (!found) return { error: 'Lambda.ResourceNotFoundException', cause: `Function not found: ${functionArn}` };
    const text = JSON.stringify(event);
    const bytes = Buffer.byteLength(text);
    if (bytes > longestEvent) {
      const cause = `${bytes} byte payload is too large for the RequestResponse invocation type (limit ${longestEvent} bytes)`;
      return { error: 'Lambda.RequestTooLargeException', cause };
    }
    if (running >= (concurrency() ?? Number.POSITIVE_INFINITY)) return tooManyRequests();
    running += 1;
    try {
      return await holding(options.clock, () => pool.run(found, text, signal));
    } finally {
      running -= 1;
    }
  };

  return {
    invoke,
    invokedBy: (stateMachineArn) => async (functionArn, event, signal) => {
      const reason = invocationRefusal?.(stateMachineArn, functionArn);
      return reason === undefined ? invoke(functionArn, event, signal) : accessDenied(reason);
    },
    ownerOf(accessKeyId) {
      const name = pool.ownerOf(accessKeyId)?.name;
      return name === undefined ? undefined : { functionName: name, arn: `arn:aws:sts::${stack.accountId}:assumed-role/${name}/${name}` };
    },
    crash: pool.crash,
    admin(method, body) {
      const { environment: before } = settings;
      if (method === 'POST') Object.assign(settings, v.parse(v.partial(Settings), body));
      if (method === 'DELETE') Object.assign(settings, defaultSettings());
      const { environment } = settings;
      if (!isDeepStrictEqual(before, environment)) pool.configure(environment);
      return { underWay: pool.working().map(({ name }) => name), latency: settings.latency, concurrency: concurrency(), environment };
    },
    stop: pool.stop,
  };
}

/** What an execution sees of Lambda's TooManyRequestsException, as in github.com/aws-samples/amazon-textract-idp-cdk-constructs/issues/94. */
function tooManyRequests(): Invocation {
  const answer = `Service: AWSLambda; Status Code: 429; Error Code: TooManyRequestsException; Request ID: ${randomUUID()}; Proxy: null`;
  return { error: 'Lambda.TooManyRequestsException', cause: `Rate Exceeded. (${answer})` };
}

/** What an execution sees of Lambda's AccessDeniedException if its task has the ARN of the function as its resource. */
function accessDenied(reason: string): Invocation {
  const answer = `Service: AWSLambda; Status Code: 403; Error Code: AccessDeniedException; Request ID: ${randomUUID()}; Proxy: null`;
  return { error: 'Lambda.AWSLambdaException', cause: `${reason} (${answer})` };
}
