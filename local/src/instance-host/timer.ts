import { type Clock, holding } from '../clock.ts';
import type { Timer } from './units.ts';

/** A timer that runs. */
export interface RunningTimer {
  /** Resolves when the run in progress has ended. */
  ran(): Promise<void>;
  /** No run begins from now on. */
  stop(): void;
}

/** Runs something when its turn comes. Resolves when that has ended. */
export type TakeTurn = (run: () => Promise<void>) => Promise<void>;

/** A run that takes longer, in milliseconds, no longer keeps others from their turn. */
const longestTurn = 5_000;

/**
 * Lets runs take turns: one at a time, with a pause after each that is as long. Otherwise, the scripts of hundreds of instances would take
 * all the time of this machine. Their runs are late instead.
 */
export function openTurns(): TakeTurn {
  let free: Promise<unknown> = Promise.resolve();
  return async (run) => {
    const turn = free.then(() => ({ ended: run() }));
    free = turn.then(async ({ ended }) => {
      const began = performance.now();
      // What becomes of it is its own affair.
      await Promise.race([ended.catch(() => {}), sleep(longestTurn)]);
      await sleep(performance.now() - began);
    });
    const { ended } = await turn;
    await ended;
  };
}

/** Starts a timer. Like systemd, it runs once if it is late, however late that is, and never twice at the same time. */
export function startTimer({ first, every }: Timer, clock: Clock, takeTurn: TakeTurn, run: () => Promise<void>): RunningTimer {
  let stopped = false;
  let running = Promise.resolve();
  let cancel = clock.at(clock.now() + first, elapse);

  function elapse(): void {
    const began = clock.now();
    void holding(clock, () => takeTurn(begin)).then(() => {
      if (!stopped) cancel = clock.at(began + every, elapse);
    });
  }

  function begin(): Promise<void> {
    if (!stopped) running = run();
    return running;
  }

  return {
    ran: () => running,
    stop() {
      stopped = true;
      cancel();
    },
  };
}

/** It keeps no process alive. */
const sleep = (milliseconds: number) => new Promise<void>((resolve) => void setTimeout(resolve, milliseconds).unref());
