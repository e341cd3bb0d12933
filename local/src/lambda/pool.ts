import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import type { LambdaTimes } from '../profiles.ts';
import { storageFailure } from '../storage.ts';
import { unpackCode } from './code.ts';
import type { StackFunction } from './functions.ts';
import type { LambdaOptions } from './lambda.ts';
import { createPace } from './pace.ts';
import { type RuntimeApi, startRuntimeApi } from './runtime-api.ts';
import { type RuntimeProcess, startRuntimeProcess } from './runtime-process.ts';
import { type Invocation, type Sandbox, startSandbox } from './sandbox.ts';

/** The sandboxes of all functions. A sandbox is kept for the next invocation. */
export interface Pool {
  /** Runs a function with an event (JSON), as `Invoke` describes. */
  run(lambda: StackFunction, event: string, signal?: AbortSignal): Promise<Invocation>;
  /** The function whose sandbox has these credentials. */
  ownerOf(accessKeyId: string): StackFunction | undefined;
  /**
   * Kills the sandbox with these credentials, and the idle ones in its process. Resolves when it is dead, to false if it did not exist.
   */
  crash(accessKeyId: string): Promise<boolean>;
  /** Gives the functions more environment variables. A sandbox that has others ends once it is idle. */
  configure(environment: Readonly<Record<string, string>>): void;
  /** The functions at work, one entry per invocation. */
  working(): StackFunction[];
  /** Kills all sandboxes. Invocations that run or wait end with an error. */
  stop(): Promise<void>;
}

const usualIdleTime = 60_000;
/**
 * How long an invocation waits for a sandbox of its function, or its process, before another one starts: a multiple of the latest start time,
 * and at least these milliseconds. Otherwise many executions at the same step would start sandboxes all the time.
 */
const patience = { starts: 3, atLeast: 250 };
/** With fewer sandboxes than functions, each step of a workflow would start a new one. */
const besidesOneOfEach = 8;
const usualLimit = 32;
/**
 * With so many busy processes, another one starts only when none of them has become free for as long: more take more memory, not less time.
 * One CPU is for the services and for the command that waits.
 */
const soonStarted = Math.min(3, Math.max(1, availableParallelism() - 1));
/** With times as on AWS, no invocation waits for another one. Then idle sandboxes may fill half of the memory; each takes so many bytes. */
const memoryOfSandbox = 14 * 1024 ** 2;

interface Member {
  readonly lambda: StackFunction;
  readonly sandbox: Sandbox;
  readonly runtime: RuntimeProcess;
  /** The environment variables that all functions have in addition. */
  readonly environment: Readonly<Record<string, string>>;
  loading: boolean;
  used: boolean;
  working: boolean;
  stopIdling?: () => void;
}

interface Waiting {
  readonly lambda: StackFunction;
  /** It has waited long enough for a busy sandbox of its function. */
  impatient: boolean;
  timer: NodeJS.Timeout;
  readonly take: (member: Member | undefined) => void;
}

export function createPool({
  stack,
  stateDirectory,
  endpoint,
  clock,
  runtimeFile,
  idleTime = usualIdleTime,
  limit,
  times = () => undefined,
}: LambdaOptions & {
  /** How long things take; undefined if only as long as they do here. */
  times?: () => LambdaTimes | undefined;
}): Pool {
  const limits = {
    waiting: limit ?? Math.max(usualLimit, stack.functions.length + besidesOneOfEach),
    alone: limit ?? Math.max(usualLimit, Math.floor(totalmem() / 2 / memoryOfSandbox)),
  };
  const taskRoots = new Map<string, string>();
  /** By access key ID. */
  const members = new Map<string, Member>();
  const processes = new Set<RuntimeProcess>();
  /** In the order in which they became idle. */
  const idle = new Set<Member>();
  const queue: Waiting[] = [];
  let runtimeApi: Promise<RuntimeApi> | undefined;
  /** How long the latest sandbox took to start, in milliseconds. A busy machine takes many times as long as an idle one. */
  let startTime = 0;
  /** When a process started or became free. */
  let latestChange = 0;
  /** Ends to make room; one at a time. */
  let evicted: Member | undefined;
  let stopped = false;
  let environment: Readonly<Record<string, string>> = {};

  const taskRootOf = (lambda: StackFunction): string => {
    try {
      const taskRoot = taskRoots.get(lambda.arn) ?? unpackCode(lambda.zipFile, join(stateDirectory, 'code'));
      taskRoots.set(lambda.arn, taskRoot);
      return taskRoot;
    } catch (error) {
      throw storageFailure(error, stateDirectory) ?? error;
    }
  };

  /** A process that has room for code and nothing to do. With times as on AWS there is none: no sandbox may keep another one from working. */
  const freeProcess = (taskRoot: string): RuntimeProcess | undefined =>
    times() ? undefined : [...processes].find((one) => one.usable() && !one.busy && one.hasRoomFor(taskRoot));

  const processFor = (taskRoot: string): RuntimeProcess => {
    const free = freeProcess(taskRoot);
    if (free) return free;
    const another = startRuntimeProcess(runtimeFile);
    processes.add(another);
    latestChange = performance.now();
    void another.exited.then(() => processes.delete(another));
    return another;
  };

  const start = (lambda: StackFunction, api: RuntimeApi): Member => {
    const taskRoot = taskRootOf(lambda);
    const runtime = processFor(taskRoot);
    runtime.busy = true;
    const sandbox = startSandbox({
      function: { ...lambda, environment: { ...lambda.environment, ...environment } },
      region: stack.region,
      taskRoot,
      runtime,
      runtimeApi: api,
      endpoint: endpoint(),
      clock,
      logFile: join(stateDirectory, 'logs', `${lambda.name}.log`),
    });
    const member: Member = { lambda, sandbox, runtime, environment, loading: true, used: false, working: false };
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
    member.stopIdling?.();
    delete member.stopIdling;
    idle.delete(member);
  };

  const end = (member: Member): void => {
    wake(member);
    member.sandbox.end();
  };

  const release = (member: Member, api: RuntimeApi): void => {
    member.runtime.busy = false;
    latestChange = performance.now();
    if (!member.sandbox.usable()) return;
    if (member.environment !== environment) {
      end(member);
      return;
    }
    idle.add(member);
    member.stopIdling = endLater(member);
    serveQueue(api);
  };

  const endLater = (member: Member): (() => void) => {
    const idleOnClock = times()?.idle;
    if (idleOnClock !== undefined) return clock.at(clock.now() + idleOnClock, () => end(member));
    const timer = setTimeout(end, idleTime, member);
    return () => clearTimeout(timer);
  };

  /** Gives sandboxes to the waiting invocations, in their order. */
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
    const free = ofFunction.find((member) => idle.has(member) && !member.runtime.busy);
    if (free) {
      wake(free);
      free.runtime.busy = true;
      return free;
    }
    if (times()) {
      if (members.size >= limits.alone) evictLongestIdle();
      return start(lambda, api);
    }
    // One more at a time: when it has started, the first invocations may have been served.
    const another = ofFunction.length === 0 || (impatient && !ofFunction.some(({ loading }) => loading));
    if (!another || !mayStart(lambda, impatient)) return undefined;
    if (members.size < limits.waiting) return start(lambda, api);
    evictLongestIdle();
    return undefined;
  };

  /** Whether there is a process for a new sandbox, or one may start. */
  const mayStart = (lambda: StackFunction, impatient: boolean): boolean => {
    const busy = [...processes].filter((one) => one.busy).length;
    if (busy < soonStarted || freeProcess(taskRootOf(lambda))) return true;
    return impatient && performance.now() - latestChange >= patienceNow();
  };

  const evictLongestIdle = (): void => {
    if (evicted) return;
    [evicted] = idle;
    // Its exit serves the queue again.
    if (evicted) end(evicted);
  };

  const patienceNow = () => Math.max(patience.atLeast, patience.starts * startTime);

  /** Resolves to a sandbox for the invocation, to undefined if it shall not begin. */
  const placeInQueue = (lambda: StackFunction, api: RuntimeApi, signal?: AbortSignal): Promise<Member | undefined> =>
    new Promise((resolve) => {
      if (stopped || signal?.aborted) return resolve(undefined);
      const losePatience = () => {
        waiting.impatient = true;
        waiting.timer = setTimeout(losePatience, patienceNow());
        serveQueue(api);
      };
      const leave = () => leaveQueue(waiting);
      const take = (member: Member | undefined) => {
        signal?.removeEventListener('abort', leave);
        resolve(member);
      };
      const timer = setTimeout(losePatience, patienceNow());
      const waiting: Waiting = { lambda, impatient: false, timer, take };
      signal?.addEventListener('abort', leave);
      queue.push(waiting);
      serveQueue(api);
    });

  return {
    async run(lambda, event, signal) {
      const begun = clock.now();
      const given = times();
      const pace = given && createPace(clock, given);
      taskRootOf(lambda);
      runtimeApi ??= startRuntimeApi();
      const api = await runtimeApi;
      const member = await placeInQueue(lambda, api, signal);
      if (!member) return { error: 'Lambda.ServiceException', cause: stopped ? 'The embedded AWS is stopping.' : 'The caller is gone.' };
      const isNew = !member.used;
      member.used = true;
      member.working = true;
      await pace?.ready(lambda, member.sandbox, isNew, begun);
      const invocation = await member.sandbox.invoke(event);
      await pace?.done(lambda, member.sandbox);
      member.working = false;
      release(member, api);
      return invocation;
    },
    ownerOf: (accessKeyId) => members.get(accessKeyId)?.lambda,
    async crash(accessKeyId) {
      const member = members.get(accessKeyId);
      await member?.sandbox.kill();
      return member !== undefined;
    },
    configure(variables) {
      environment = variables;
      for (const member of [...idle]) end(member);
    },
    working: () => [...members.values()].flatMap(({ working, lambda }) => (working ? lambda : [])),
    async stop() {
      stopped = true;
      for (const { take, timer } of queue.splice(0)) {
        clearTimeout(timer);
        take(undefined);
      }
      for (const member of members.values()) wake(member);
      for (const one of processes) one.kill();
      await Promise.all([...processes].flatMap(({ exited, logged }) => [exited, logged]));
      await (await runtimeApi)?.stop();
    },
  };
}
