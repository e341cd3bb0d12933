import type { Clock } from '../clock.ts';
import type { Pool } from '../lambda/lambda.ts';
import type { Stack } from '../stack/stack.ts';
import type { Execution } from '../step-functions/executions.ts';
import type { Store } from '../store.ts';
import { type StatusChange, statusChange } from './event.ts';
import { openInvocations } from './invocations.ts';
import type { InvokeConfig } from './invoke-config.ts';
import type { Rule, Target } from './rule.ts';

/** EventBridge: passes the events of Step Functions on to the functions that rules name. */
export interface EventBridge {
  /** Tells that an execution has started or ended. */
  publish(execution: Execution): void;
  /** Begins to deliver: what was published before, too. */
  begin(): void;
  /** Delivers no more; what was not delivered, and what is still published, waits for the next process. */
  stop(): void;
}

/** EventBridge with the stack's rules; what is to be delivered is kept in the store. Throws `StateDamaged`. */
export function createEventBridge({
  stack,
  rules,
  invokeConfigs,
  clock,
  store,
  pool,
}: {
  stack: Stack;
  rules: readonly Rule[];
  invokeConfigs: ReadonlyMap<string, InvokeConfig>;
  clock: Clock;
  store: Store;
  pool: Pool;
}): EventBridge {
  const invocations = openInvocations({ clock, store, pool, configs: invokeConfigs });

  const deliver = (event: StatusChange, rule: Rule, { functionArn, input, permitted }: Target): void => {
    const refusal = permitted ? undefined : `no AWS::Lambda::Permission lets events.amazonaws.com invoke it on behalf of ${rule.arn}`;
    const reason = refusal ?? attempt(() => invocations.add(functionArn, input(event)));
    if (reason === undefined) return;
    const { status, executionArn } = event.detail;
    console.error(
      `${new Date().toISOString()} The rule ${rule.name} does not tell ${functionArn} that ${executionArn} is ${status}: ${reason}.`,
    );
  };

  return {
    publish(execution) {
      const event = statusChange(execution, { ...stack, now: clock.now() });
      for (const rule of rules) if (rule.matches(event)) for (const target of rule.targets) deliver(event, rule, target);
    },
    begin: invocations.begin,
    stop: invocations.stop,
  };
}

/** Why what was made of an event is nothing that can be delivered; undefined where it can. */
function attempt(deliver: () => void): string | undefined {
  try {
    deliver();
    return undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return `what its InputTransformer makes of the event is not JSON (${error.message})`;
  }
}
