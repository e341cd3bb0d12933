import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Stack, StackFunction } from '../stack.ts';
import { unpackCode } from './code.ts';
import { type RuntimeApi, startRuntimeApi } from './runtime-api.ts';
import { type Invocation, type Sandbox, startSandbox } from './sandbox.ts';

export type { Invocation } from './sandbox.ts';

/** The stack's functions, run in sandboxes that are kept for the next invocation. */
export interface Pool {
  /** Runs a function with that event; waits for a free sandbox in the order of asking. Rejects only where the function's code cannot be read. */
  invoke(functionArn: string, event: unknown): Promise<Invocation>;
  /** The function whose sandbox has these credentials, and the identity they stand for. */
  ownerOf(accessKeyId: string): { functionName: string; arn: string } | undefined;
  /** Kills the sandbox that has these credentials; resolves when it is dead, to false where there is none. */
  crash(accessKeyId: string): Promise<boolean>;
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
  /** How many sandboxes there are at most: by default enough to keep one of each step of a long workflow, at some 14 MB each. */
  readonly limit?: number;
}

/** How long a sandbox stays without work before it ends, in milliseconds. */
const idleTime = 60_000;
/**
 * How long an invocation of a full pool waits for a busy sandbox of its function before it takes the place of another's, in milliseconds:
 * a few times what a new one takes to start, which with many executions at once would else be done for each step.
 */
const patience = 250;
/** The longest event that Lambda takes, in bytes. */
const longestEvent = 6_291_456;

interface Member {
  readonly lambda: StackFunction;
  readonly sandbox: Sandbox;
  idleTimer?: NodeJS.Timeout;
}

interface Waiting {
  readonly lambda: StackFunction;
  /** It has waited long enough for a busy sandbox of its function. */
  impatient: boolean;
  readonly timer: NodeJS.Timeout;
  readonly take: (member: Member | undefined) => void;
}

export function createPool({ stack, stateDirectory, endpoint, clock, runtimeFile, limit = 32 }: PoolOptions): Pool {
  const functions = new Map(stack.functions.map((lambda) => [lambda.arn, lambda]));
  const taskRoots = new Map<string, string>();
  const members = new Map<string, Member>();
  /** In the order in which they became idle. */
  const idle = new Set<Member>();
  const queue: Waiting[] = [];
  let runtimeApi: Promise<RuntimeApi> | undefined;
  /** On its way out to make room; one at a time. */
  let evicted: Member | undefined;
  let stopped = false;

  const taskRootOf = (lambda: StackFunction): string => {
    const taskRoot = taskRoots.get(lambda.arn) ?? unpackCode(lambda.zipFile, join(stateDirectory, 'code'));
    taskRoots.set(lambda.arn, taskRoot);
    return taskRoot;
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
    const member: Member = { lambda, sandbox };
    members.set(sandbox.accessKeyId, member);
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

  const placeFor = ({ lambda, impatient }: Waiting, api: RuntimeApi): Member | undefined => {
    const ofFunction = [...members.values()].filter((member) => member.lambda === lambda && member.sandbox.usable());
    const free = ofFunction.find((member) => idle.has(member));
    if (free) {
      wake(free);
      return free;
    }
    if (members.size < limit) return start(lambda, api);
    if (ofFunction.length === 0 || impatient) evictLongestIdle();
    return undefined;
  };

  const evictLongestIdle = (): void => {
    if (evicted) return;
    [evicted] = idle;
    // Its exit serves the queue again.
    if (evicted) end(evicted);
  };

  return {
    async invoke(functionArn, event) {
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
        if (stopped) return take(undefined);
        const losePatience = () => {
          waiting.impatient = true;
          serveQueue(api);
        };
        const waiting: Waiting = { lambda, impatient: false, timer: setTimeout(losePatience, patience), take };
        queue.push(waiting);
        serveQueue(api);
      });
      if (!member) return refusal('Lambda.ServiceException', 'The embedded AWS stops.');
      const invocation = await member.sandbox.invoke(text);
      release(member, api);
      return invocation;
    },
    ownerOf(accessKeyId) {
      const name = members.get(accessKeyId)?.lambda.name;
      return name === undefined ? undefined : { functionName: name, arn: `arn:aws:sts::${stack.accountId}:assumed-role/${name}/${name}` };
    },
    async crash(accessKeyId) {
      const member = members.get(accessKeyId);
      await member?.sandbox.kill();
      return member !== undefined;
    },
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
}

function refusal(error: string, reason: string): Invocation {
  return { error, cause: reason };
}
