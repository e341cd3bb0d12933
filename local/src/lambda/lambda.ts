import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Stack, StackFunction } from '../stack/stack.ts';
import { storageFailure } from '../storage.ts';
import { unpackCode } from './code.ts';
import { type RuntimeApi, startRuntimeApi } from './runtime-api.ts';
import { type Invocation, type Sandbox, startSandbox } from './sandbox.ts';

export type { Invocation } from './sandbox.ts';

/** The stack's functions, run in sandboxes that are kept for the next invocation. */
export interface Pool {
  /**
   * Runs a function with that event; waits for a free sandbox in the order of asking. Once the signal aborts, an invocation that waits
   * will never begin, as one that AWS throttled is not repeated; one that has begun goes on. Rejects only where the function's code
   * cannot be read.
   */
  invoke(functionArn: string, event: unknown, signal?: AbortSignal): Promise<Invocation>;
  /** The pool for the executions of a state machine: its role may invoke only what it is allowed to. */
  invokedBy(stateMachineArn: string): Pool;
  /** The function whose sandbox has these credentials, and the identity they stand for. */
  ownerOf(accessKeyId: string): { functionName: string; arn: string } | undefined;
  /** Kills the sandbox that has these credentials; resolves when it is dead, to false where there is none. */
  crash(accessKeyId: string): Promise<boolean>;
  /** `/_local/lambda`: GET tells which functions are at work, once for each invocation. */
  admin(): { readonly underWay: readonly string[] };
  /** Kills all sandboxes. What runs or waits in them ends with an error. */
  stop(): Promise<void>;
}

export interface PoolOptions {
  readonly stack: Stack;
  /** Holds the unpacked code and the functions' logs (`logs/<function>.log`). */
  readonly stateDirectory: string;
  /** Where the functions find AWS; asked when a sandbox starts. */
  readonly endpoint: () => string;
  readonly clock: Clock;
  /** The bundle of `lambda/runtime.ts`. */
  readonly runtimeFile: string;
  /** How many sandboxes there are at most, at some 14 MB each; by default enough to keep one of each function. */
  readonly limit?: number;
  /** Why a state machine may not invoke a function, undefined where it may; each may invoke all without it. */
  readonly invocationRefusal?: (stateMachineArn: string, functionArn: string) => string | undefined;
}

/** How long a sandbox stays without work before it ends, in milliseconds. */
const idleTime = 60_000;
/**
 * How long an invocation waits for a busy sandbox of its function before another one is started: a few times what the latest took to
 * start, and at least so many milliseconds. Where many executions come to a step at once, sandboxes would else be started all the time.
 */
const patience = { starts: 3, atLeast: 250 };
/** With fewer sandboxes than functions, workflows that go through all of them would start a new one for each step. */
const besidesOneOfEach = 8;
const usualLimit = 32;
/** The longest event that Lambda takes, in bytes. */
const longestEvent = 6_291_456;

interface Member {
  readonly lambda: StackFunction;
  readonly sandbox: Sandbox;
  loading: boolean;
  working: boolean;
  idleTimer?: NodeJS.Timeout;
}

interface Waiting {
  readonly lambda: StackFunction;
  /** It has waited long enough for a busy sandbox of its function. */
  impatient: boolean;
  readonly timer: NodeJS.Timeout;
  readonly take: (member: Member | undefined) => void;
}

export function createPool(options: PoolOptions): Pool {
  const { stack, stateDirectory, endpoint, clock, runtimeFile } = options;
  const { limit = Math.max(usualLimit, stack.functions.length + besidesOneOfEach) } = options;
  const functions = new Map(stack.functions.map((lambda) => [lambda.arn, lambda]));
  const taskRoots = new Map<string, string>();
  const members = new Map<string, Member>();
  /** In the order in which they became idle. */
  const idle = new Set<Member>();
  const queue: Waiting[] = [];
  let runtimeApi: Promise<RuntimeApi> | undefined;
  /** What the latest sandbox took to start, in milliseconds; on a busy machine many times what it takes on an idle one. */
  let startTime = 0;
  /** On its way out to make room; one at a time. */
  let evicted: Member | undefined;
  let stopped = false;

  const taskRootOf = (lambda: StackFunction): string => {
    try {
      const taskRoot = taskRoots.get(lambda.arn) ?? unpackCode(lambda.zipFile, join(stateDirectory, 'code'));
      taskRoots.set(lambda.arn, taskRoot);
      return taskRoot;
    } catch (error) {
      throw storageFailure(error, stateDirectory) ?? error;
    }
  };

  const start = (lambda: StackFunction, api: RuntimeApi): Member => {
    const sandbox = startSandbox({
      function: lambda,
      region: stack.region,
      taskRoot: taskRootOf(lambda),
      runtimeFile,
      runtimeApi: api,
      endpoint: endpoint(),
      clock,
      logFile: join(stateDirectory, 'logs', `${lambda.name}.log`),
    });
    const member: Member = { lambda, sandbox, loading: true, working: false };
    const begin = performance.now();
    members.set(sandbox.accessKeyId, member);
    void sandbox.loaded.then(() => {
      startTime = performance.now() - begin;
      member.loading = false;
      serveQueue(api);
    });
    void sandbox.exited.then(() => {
      members.delete(sandbox.accessKeyId);
      wake(member);
      if (evicted === member) evicted = undefined;
      serveQueue(api);
    });
    return member;
  };

  const wake = (member: Member): void => {
    clearTimeout(member.idleTimer);
    idle.delete(member);
  };

  const end = (member: Member): void => {
    wake(member);
    void member.sandbox.kill();
  };

  const release = (member: Member, api: RuntimeApi): void => {
    if (!member.sandbox.usable()) return;
    idle.add(member);
    member.idleTimer = setTimeout(end, idleTime, member);
    serveQueue(api);
  };

  /** Gives sandboxes to those who wait, in their order. */
  const serveQueue = (api: RuntimeApi): void => {
    for (const waiting of [...queue]) {
      const member = placeFor(waiting, api);
      if (!member) continue;
      clearTimeout(waiting.timer);
      queue.splice(queue.indexOf(waiting), 1);
      waiting.take(member);
    }
  };

  const leaveQueue = (waiting: Waiting): void => {
    if (!queue.includes(waiting)) return;
    clearTimeout(waiting.timer);
    queue.splice(queue.indexOf(waiting), 1);
    waiting.take(undefined);
  };

  const placeFor = ({ lambda, impatient }: Waiting, api: RuntimeApi): Member | undefined => {
    const ofFunction = [...members.values()].filter((member) => member.lambda === lambda && member.sandbox.usable());
    const free = ofFunction.find((member) => idle.has(member));
    if (free) {
      wake(free);
      return free;
    }
    // One more at a time: by then the first that wait may have been served.
    const another = ofFunction.length === 0 || (impatient && !ofFunction.some(({ loading }) => loading));
    if (!another) return undefined;
    if (members.size < limit) return start(lambda, api);
    evictLongestIdle();
    return undefined;
  };

  const evictLongestIdle = (): void => {
    if (evicted) return;
    [evicted] = idle;
    // Its exit serves the queue again.
    if (evicted) end(evicted);
  };

  const pool: Pool = {
    async invoke(functionArn, event, signal) {
      const lambda = functions.get(functionArn);
      if (!lambda) return refusal('Lambda.ResourceNotFoundException', `Function not found: ${functionArn}`);
      const text = JSON.stringify(event);
      const bytes = Buffer.byteLength(text);
      if (bytes > longestEvent) {
        const reason = `${bytes} byte payload is too large for the RequestResponse invocation type (limit ${longestEvent} bytes)`;
        return refusal('Lambda.RequestTooLargeException', reason);
      }
      taskRootOf(lambda);
      runtimeApi ??= startRuntimeApi();
      const api = await runtimeApi;
      const member = await new Promise<Member | undefined>((take) => {
        if (stopped || signal?.aborted) return take(undefined);
        const losePatience = () => {
          waiting.impatient = true;
          serveQueue(api);
        };
        const leave = () => leaveQueue(waiting);
        const goOn = (member: Member | undefined) => {
          signal?.removeEventListener('abort', leave);
          take(member);
        };
        const timer = setTimeout(losePatience, Math.max(patience.atLeast, patience.starts * startTime));
        const waiting: Waiting = { lambda, impatient: false, timer, take: goOn };
        signal?.addEventListener('abort', leave);
        queue.push(waiting);
        serveQueue(api);
      });
      if (!member) return refusal('Lambda.ServiceException', stopped ? 'The embedded AWS stops.' : 'Nobody waits for it any more.');
      member.working = true;
      const invocation = await member.sandbox.invoke(text);
      member.working = false;
      release(member, api);
      return invocation;
    },
    invokedBy: (stateMachineArn) => ({
      ...pool,
      async invoke(functionArn, event, signal) {
        const reason = options.invocationRefusal?.(stateMachineArn, functionArn);
        return reason === undefined ? pool.invoke(functionArn, event, signal) : accessDenied(reason);
      },
    }),
    ownerOf(accessKeyId) {
      const name = members.get(accessKeyId)?.lambda.name;
      return name === undefined ? undefined : { functionName: name, arn: `arn:aws:sts::${stack.accountId}:assumed-role/${name}/${name}` };
    },
    async crash(accessKeyId) {
      const member = members.get(accessKeyId);
      await member?.sandbox.kill();
      return member !== undefined;
    },
    admin: () => ({ underWay: [...members.values()].flatMap(({ working, lambda }) => (working ? lambda.name : [])) }),
    async stop() {
      stopped = true;
      for (const { take, timer } of queue.splice(0)) {
        clearTimeout(timer);
        take(undefined);
      }
      for (const member of members.values()) wake(member);
      await Promise.all([...members.values()].map(({ sandbox }) => sandbox.kill()));
      await (await runtimeApi)?.stop();
    },
  };
  return pool;
}

/** What an execution gets to see of Lambda's AccessDeniedException, when its task names the function itself. */
function accessDenied(reason: string): Invocation {
  const answer = `Service: AWSLambda; Status Code: 403; Error Code: AccessDeniedException; Request ID: ${randomUUID()}; Proxy: null`;
  return refusal('Lambda.AWSLambdaException', `${reason} (${answer})`);
}

function refusal(error: string, reason: string): Invocation {
  return { error, cause: reason };
}
