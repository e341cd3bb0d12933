import { type Clock, holding } from '../clock.ts';
import type { Timer } from './units.ts';

/** A timer that runs. */
export interface RunningTimer {
  /** Resolves when the run in progress has ended. */
  ran(): Promise<void>;
  /** No run begins from now on. */
  stop(): void;
}

/** Starts a timer. Like systemd, it runs once if it is late, however late that is, and never twice at the same time. */
export function startTimer({ first, every }: Timer, clock: Clock, run: () => Promise<void>): RunningTimer {
  let stopped = false;
  let running = Promise.resolve();
  let cancel = clock.at(clock.now() + first, elapse);

  function elapse(): void {
    const began = clock.now();
    running = holding(clock, run).then(() => {
      if (!stopped) cancel = clock.at(began + every, elapse);
    });
  }

  return {
    ran: () => running,
    stop() {
      stopped = true;
      cancel();
    },
  };
}
