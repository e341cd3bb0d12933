import type { Clock } from '../clock.ts';
import type { Lambda } from '../lambda/lambda.ts';
import type { Stack } from '../stack/stack.ts';
import type { Execution } from '../step-functions/executions.ts';
import type { Store } from '../store.ts';
import { type Event, stateChange, statusChange } from './event.ts';
import { openInvocations } from './invocations.ts';

/** EventBridge: passes the events of Step Functions and EC2 to the functions that rules name. */
export interface EventBridge {
  /** Publishes that an execution has started or ended. */
  publishExecution(execution: Execution): void;
  /** Publishes that an instance of a region has entered a state, at a time in milliseconds since the epoch. */
  publishInstance(change: InstanceChange): void;
  /** Begins to deliver, also what was published before. */
  begin(): void;
  /** Stops delivering. The next process delivers what is left, and what is published from now on. */
  stop(): void;
}

/** The state that an instance of a region has entered, and when (milliseconds since the epoch). */
export interface InstanceChange {
  readonly region: string;
  readonly id: string;
  readonly state: string;
  readonly at: number;
}

/** EventBridge with the stack's rules. The store keeps what is to be delivered. Throws `StateDamaged`. */
export function createEventBridge({
  stack,
  clock,
  store,
  lambda,
}: {
  stack: Pick<Stack, 'accountId' | 'region' | 'rules'>;
  clock: Clock;
  store: Store;
  lambda: Pick<Lambda, 'invoke'>;
}): EventBridge {
  const invocations = openInvocations({ clock, store, lambda });
  const publish = (event: Event) => {
    for (const { name, arn, targets } of stack.rules.filter((rule) => rule.matches(event))) {
      for (const { functionArn, permitted } of targets) {
        if (permitted) invocations.add(functionArn, event);
        else
          console.error(
            `${new Date().toISOString()} The rule ${name} does not invoke ${functionArn} for ${event.resources[0]}: ` +
              `no AWS::Lambda::Permission lets events.amazonaws.com invoke it for ${arn}.`,
          );
      }
    }
  };
  return {
    publishExecution: (execution) => publish(statusChange(execution, { ...stack, now: clock.now() })),
    publishInstance(change) {
      // The rules are in the stack's region, and so are the events that they match.
      if (change.region === stack.region) publish(stateChange(change, stack));
    },
    begin: invocations.begin,
    stop: invocations.stop,
  };
}
