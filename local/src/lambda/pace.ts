import { type Clock, reached } from '../clock.ts';
import type { LambdaTimes } from '../profiles.ts';
import type { StackFunction } from './functions.ts';
import type { Sandbox } from './sandbox.ts';

/** Lets invocations take as long on the clock as on AWS, but never less than they take here. */
export interface Pace {
  /** Resolves when the sandbox may get its event, or when it is gone. `begun` is when the invocation began on the clock. */
  ready(lambda: StackFunction, sandbox: Sandbox, isNew: boolean, begun: number): Promise<void>;
  /** Resolves when the function has done the work of the invocation that has just ended here, or when its sandbox is gone. */
  done(lambda: StackFunction, sandbox: Sandbox): Promise<void>;
}

/** After this time, an initialization that has not ended is left to the sandbox, which ends it. In milliseconds of real time. */
const longestInitialization = 10_000;

export function createPace(clock: Clock, { newSandbox, usedSandbox, memoryOfOneCpu }: LambdaTimes): Pace {
  /** How long a function takes for what takes that much CPU time here. It has one thread, so that a second CPU does not help. */
  const onItsShare = ({ memoryMegabytes }: StackFunction, cpuMilliseconds: number) =>
    cpuMilliseconds / Math.min(1, memoryMegabytes / memoryOfOneCpu);

  return {
    async ready(lambda, sandbox, isNew, begun) {
      if (!isNew) return reachedOrGone(clock, begun + usedSandbox, sandbox);
      const loading = await within(longestInitialization, sandbox.loaded);
      return reachedOrGone(clock, begun + newSandbox + onItsShare(lambda, loading?.cpu ?? 0), sandbox);
    },
    done(lambda, sandbox) {
      const { cpu, queued } = sandbox.effort();
      // On its share, it would have waited for its turn, too.
      return reachedOrGone(clock, clock.now() + onItsShare(lambda, cpu) - cpu - queued, sandbox);
    },
  };
}

/** Resolves when the clock shows that time, or when the sandbox is gone: then the clock may have stopped, too. */
const reachedOrGone = (clock: Clock, when: number, sandbox: Sandbox) => Promise.race([reached(clock, when), sandbox.exited]);

/** Resolves like `work`, or to undefined after that much real time. */
function within<T>(milliseconds: number, work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds, undefined);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
