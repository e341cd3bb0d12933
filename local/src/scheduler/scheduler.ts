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
  /** Why the role of a schedule may not start executions; undefined where it may. */
  readonly refusal: (schedule: Schedule, stateMachineArn: string) => string | undefined;
}

/**
 * EventBridge Scheduler: starts an execution for each schedule whenever its time has come by the clock, the first one period after it was
 * deployed. Where the clock jumps over several occurrences, and after a time without a process, it starts one or none: never many at once.
 * Throws `StateDamaged`.
 */
export function createScheduler({ schedules, clock, store, start, refusal }: SchedulerOptions): Scheduler {
  const deployed = store.read(file, (json) => v.parse(Document, json)) ?? {};
  const deployedNow = Object.fromEntries(
    schedules.map(({ arn, expression }) => {
      const known = deployed[arn];
      return [arn, known?.expression === expression ? known : { expression, since: clock.now() }];
    }),
  );
  if (JSON.stringify(deployedNow) !== JSON.stringify(deployed)) store.write(file, deployedNow);

  const cancels = new Map<string, () => void>();
  const arm = (schedule: Schedule) => {
    const { arn, periodMilliseconds: period } = schedule;
    const since = deployedNow[arn]?.since ?? clock.now();
    const periods = () => Math.floor((clock.now() - since) / period);
    const ring = () => {
      const occurrence = since + periods() * period;
      arm(schedule);
      run(schedule, occurrence);
    };
    cancels.set(arn, clock.at(since + (periods() + 1) * period, ring));
  };
  const run = (schedule: Schedule, occurrence: number) => {
    const { name, stateMachineArn } = schedule;
    const reason = refusal(schedule, stateMachineArn);
    if (reason === undefined) start(stateMachineArn, schedule.inputAt(occurrence));
    else console.error(`${new Date().toISOString()} The schedule ${name} starts nothing: ${reason}`);
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
/** Since when each schedule is as it is, by its ARN. */
const Document = v.record(v.string(), v.strictObject({ expression: v.string(), since: v.number() }));
