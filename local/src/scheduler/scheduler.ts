import * as v from 'valibot';
import type { Clock } from '../clock.ts';
import type { Store } from '../store.ts';
import type { Schedule } from './schedule.ts';

export interface Scheduler {
  /** Begins to start executions. */
  begin(): void;
  stop(): void;
}

export interface SchedulerOptions {
  readonly schedules: readonly Schedule[];
  readonly clock: Clock;
  readonly store: Store;
  /** Starts an execution with JSON as its input. */
  readonly start: (stateMachineArn: string, input: string) => void;
  /** Why the role of a schedule may not start its state machine; undefined if it may. */
  readonly refusal: (schedule: Schedule) => string | undefined;
}

/**
 * EventBridge Scheduler. It starts an execution each time a schedule's period has passed on the clock, the first one a period after the
 * schedule was deployed. If several periods pass at once, it starts one execution; while no process runs, none.
 * Throws `StateDamaged`.
 */
export function createScheduler({ schedules, clock, store, start, refusal }: SchedulerOptions): Scheduler {
  const stored = store.read(file, (json) => v.parse(Document, json)) ?? {};
  const deployed = Object.fromEntries(
    schedules.map(({ arn, expression }) => {
      const known = stored[arn];
      return [arn, known?.expression === expression ? known : { expression, since: clock.now() }];
    }),
  );
  if (JSON.stringify(deployed) !== JSON.stringify(stored)) store.write(file, deployed);

  const cancels = new Map<string, () => void>();
  const arm = (schedule: Schedule) => {
    const { arn, periodMilliseconds: period } = schedule;
    const since = deployed[arn]?.since ?? clock.now();
    const periods = Math.floor((clock.now() - since) / period);
    const ring = () => {
      arm(schedule);
      run(schedule);
    };
    cancels.set(arn, clock.at(since + (periods + 1) * period, ring));
  };
  const run = (schedule: Schedule) => {
    const reason = refusal(schedule);
    if (reason === undefined) start(schedule.stateMachineArn, schedule.input);
    else console.error(`${new Date().toISOString()} The schedule ${schedule.name} starts nothing: ${reason}`);
  };

  return {
    begin() {
      for (const schedule of schedules) arm(schedule);
    },
    stop() {
      for (const cancel of cancels.values()) cancel();
    },
  };
}

const file = 'scheduler.json';
/** Since when each schedule has its expression, by ARN. */
const Document = v.record(v.string(), v.strictObject({ expression: v.string(), since: v.number() }));
