import type { ExecutionEvent } from '../../aws/executions/executions.ts';
import type { Help } from '../../aws/executions/follow.ts';
import { watchRecord } from '../../aws/executions/record-watch.ts';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import type { Environment } from '../../core/environment.ts';
import { operationOf } from '../../core/executions.ts';
import { kindsWith, type OperationKind } from '../../core/operations.ts';
import type { OpenedEnvironment } from '../environment.ts';
import { type FirstContact, firstContact } from '../ssh/first-contact.ts';

/** What is known of an environment when an operation on it has ended. */
export interface Seen {
  /** Its record as the operation has left it; undefined if it was not read since. */
  readonly record?: Environment;
  /** The connection that was tried meanwhile. */
  readonly contact?: FirstContact;
}

/** Observes an environment while an operation on it is followed. */
export interface Observer {
  /** What helps to follow the execution. */
  readonly help: Help;
  /** Takes an event of the execution. */
  show(event: ExecutionEvent): void;
  seen(): Seen;
  end(): void;
}

const starting: readonly (OperationKind | undefined)[] = kindsWith({ ends: 'started' });
/** The state that knows address and host key when it is left. */
const running = 'CheckInstanceRunning';

/** Watches the record of an environment for the end of an operation, and connects to an instance of the person's own as soon as it runs. */
export function observe(environment: OpenedEnvironment, executionArn: string): Observer {
  const { clients, subject, own } = environment;
  const watch = watchRecord(() => readEnvironment(clients.dynamodb, subject), executionArn);
  const contact =
    own && starting.includes(operationOf(executionArn))
      ? firstContact(environment, { reached: watch.hurry, record: watch.latest })
      : undefined;
  return {
    help: { watch, ...(contact && { awaited: new Set([running]) }) },
    show(event) {
      if (event.type === 'state-exited' && event.state === running && event.document !== undefined) contact?.begin(event.document);
    },
    seen() {
      const record = watch.left();
      return { ...(record && { record }), ...(contact && { contact }) };
    },
    end() {
      watch.stop();
      contact?.end();
    },
  };
}
