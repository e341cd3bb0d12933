import type { Clock } from '../clock.ts';
import type { Lambda } from '../lambda/lambda.ts';
import type { Stack } from '../stack/stack.ts';
import type { Execution } from '../step-functions/executions.ts';
import type { Store } from '../store.ts';
import { statusChange } from './event.ts';
import { openInvocations } from './invocations.ts';

/** EventBridge: passes the events of Step Functions to the functions that rules name. */
export interface EventBridge {
  /** Publishes that an execution has started or ended. */
  publish(execution: Execution): void;
  /** Begins to deliver, also what was published before. */
  begin(): void;
  /** Stops delivering. The next process delivers what is left, and what is published from now on. */
  stop(): void;
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
  return {
    publish(execution) {
      const event = statusChange(execution, { ...stack, now: clock.now() });
      for (const { name, arn, targets } of stack.rules.filter((rule) => rule.matches(event))) {
        for (const { functionArn, permitted } of targets) {
          if (permitted) invocations.add(functionArn, event);
          else
            console.error(
              `${new Date().toISOString()} The rule ${name} does not invoke ${functionArn} for ${event.detail.executionArn}: ` +
                `no AWS::Lambda::Permission lets events.amazonaws.com invoke it for ${arn}.`,
            );
        }
      }
    },
    begin: invocations.begin,
    stop: invocations.stop,
  };
}
