import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { DueEnvironment } from '../../core/document.ts';
import { Environment } from '../../core/environment.ts';
import { type ErrorName, RecodeError } from '../../core/errors.ts';
import { candidateNames, environmentId } from '../../core/names.ts';
import type { Holder, Operation } from '../../core/operation.ts';
import type { EnvironmentStatus } from '../../core/status.ts';
import { asRead, mine, refuseRunning, refuseSettling, settling } from './holder.ts';
import { deleteItem, type Key, putItem, readItem, readItems, searchItems, updateItem } from './table.ts';

/** Whose environment, for which repository: what its record is found by. */
export interface EnvironmentSubject {
  readonly owner: string;
  readonly repository: string;
}

const keyOf = (subject: EnvironmentSubject): Key => ({ kind: 'environment', id: environmentId(subject) });

/** An environment as recorded; undefined when there is none. Throws RecodeNotInstalled without a table. */
export function readEnvironment(dynamodb: DynamoDBClient, subject: EnvironmentSubject): Promise<Environment | undefined> {
  return readItem(dynamodb, keyOf(subject), Environment);
}

/** All environments of the region, or those of one owner. Throws RecodeNotInstalled without a table. */
export function readEnvironments(dynamodb: DynamoDBClient, owner?: string): Promise<Environment[]> {
  return readItems(dynamodb, 'environment', Environment, owner === undefined ? undefined : environmentId({ owner, repository: '' }));
}

/**
 * Environments that are due to be stopped: so many at most, in the order of their ids, beginning after one. What they are may have changed
 * since; a stop looks again before it stops.
 *
 * @throws RecodeError RecodeNotInstalled without a table
 */
export function readDueEnvironments(
  dynamodb: DynamoDBClient,
  { now, after, most }: { now: number; after: string | undefined; most: number },
): Promise<DueEnvironment[]> {
  const mayRun: readonly EnvironmentStatus[] = ['starting', 'started', 'stopping'];
  const statuses = Object.fromEntries(mayRun.map((status) => [`:${status}`, status]));
  return searchItems(dynamodb, 'environment', DueEnvironment, {
    // One whose last operation failed may run still, and is due as any other. One that has lost its instance has nothing to stop.
    when:
      `#stopAt <= :now AND #status IN (${Object.keys(statuses).join(', ')}) AND attribute_not_exists(#operation) ` +
      'AND (attribute_not_exists(#lastError) OR #lastError.#name <> :gone)',
    values: { ':now': new Date(now).toISOString(), ...statuses, ':gone': 'InstanceGone' satisfies ErrorName },
    attributes: Object.keys(DueEnvironment.entries),
    after,
    most,
  });
}

/** Puts a new environment, held by its operation, unless there is one. */
export async function putEnvironment(dynamodb: DynamoDBClient, environment: Environment): Promise<void> {
  await putItem(dynamodb, keyOf(environment), environment);
}

/**
 * Takes an environment for an operation. What it changes of the record is the operation alone.
 *
 * @param admit refuses, by throwing, what the operation may not take; asked once nobody else is at work, and before waiting for the last Lambda
 * @throws RecodeError OperationInProgress while another operation runs, OperationSettling until its last Lambda must be dead
 */
export async function takeEnvironment(
  dynamodb: DynamoDBClient,
  sfn: SFNClient,
  { environment, operation, now }: { environment: Environment; operation: Operation; now: number },
  admit: (environment: Environment) => void,
): Promise<Environment> {
  const holder = environment.operation;
  if (holder?.executionArn === operation.executionArn) return environment;
  const subject = `the environment ${environment.repository}`;
  const verdict = await refuseRunning(sfn, { subject, holder, now });
  // Whoever held it when it was read and has just closed may have changed it at the very end.
  if (holder && verdict === 'settling' && !(await isHeldBy(dynamodb, environment, holder))) throw settling(subject);
  admit(environment);
  refuseSettling({ subject, verdict, quietUntil: environment.quietUntil, now });
  const { when, values } = asRead(environment);
  const { uid, stopAt } = environment;
  const due = stopAt === undefined ? 'attribute_not_exists(#stopAt)' : '#stopAt = :stopAt';
  const taken = await updateItem(
    dynamodb,
    keyOf(environment),
    {
      set: { operation },
      remove: ['quietUntil'],
      when: `(#uid = :uid AND ${due} AND ${when}) OR ${mine}`,
      values: { ...values, ':uid': uid, ':stopAt': stopAt, ':me': operation.executionArn },
    },
    Environment,
  );
  // Somebody was faster: the state machine comes back and reads who.
  if (!taken) throw settling(subject);
  return taken;
}

async function isHeldBy(dynamodb: DynamoDBClient, environment: Environment, holder: Operation): Promise<boolean> {
  const current = await readEnvironment(dynamodb, environment);
  return current?.uid === environment.uid && current.operation?.executionArn === holder.executionArn;
}

/**
 * Takes back what entering did, if anything: an environment that never had a name is deleted, any other is let go of.
 *
 * @param lastError why it was left, where entering had come so far that it shows
 */
export async function leaveEnvironment(
  dynamodb: DynamoDBClient,
  environment: EnvironmentSubject,
  operation: Operation,
  lastError?: Environment['lastError'],
): Promise<void> {
  const me = { ':me': operation.executionArn };
  const deleted = await deleteItem(dynamodb, keyOf(environment), { when: `${mine} AND attribute_not_exists(#name)`, values: me });
  if (deleted) return;
  await updateItem(
    dynamodb,
    keyOf(environment),
    { set: lastError ? { lastError } : {}, remove: ['operation'], when: mine, values: me },
    Environment,
  );
}

/**
 * Gives an environment its name: the first of its candidates that nobody else has claimed. The candidate is written into the
 * environment before it is claimed, so that no claim is ever without its environment.
 *
 * @throws RecodeError LockLost when another operation has taken the environment
 */
export async function claimName(dynamodb: DynamoDBClient, environment: Environment, operation: Operation): Promise<string> {
  const candidates = candidateNames(environment);
  const first = environment.name === undefined ? 0 : candidates.indexOf(environment.name);
  for (const name of candidates.slice(Math.max(0, first))) {
    await change(dynamodb, environment, operation, { set: { name } });
    const owner = environmentId(environment);
    const claimed = await putItem(
      dynamodb,
      { kind: 'name', id: name },
      { environment: owner, uid: environment.uid },
      { when: 'attribute_not_exists(#kind) OR #environment = :environment', values: { ':environment': owner } },
    );
    if (claimed) return name;
  }
  throw new RecodeError('NameOwnedElsewhere', `The names ${candidates.join(', ')} are all used by other environments.`);
}

/** Changes an environment that this operation holds. Throws LockLost when it does not. */
export async function change(
  dynamodb: DynamoDBClient,
  environment: EnvironmentSubject,
  operation: Operation,
  { set, remove = [] }: { set: Readonly<Record<string, unknown>>; remove?: readonly string[] },
): Promise<Environment> {
  const changed = await updateItem(
    dynamodb,
    keyOf(environment),
    { set, remove, when: mine, values: { ':me': operation.executionArn } },
    Environment,
  );
  if (!changed) throw new RecodeError('LockLost', `Another operation has taken the environment ${environment.repository} over.`);
  return changed;
}

/**
 * Ends an environment that this operation holds and whose resources are gone: its claim of a name first, so that none is ever without
 * its environment. Nothing is done where the operation does not hold it (any more).
 */
export async function deleteEnvironment(
  dynamodb: DynamoDBClient,
  environment: EnvironmentSubject & { readonly name: string; readonly uid: string },
  operation: Operation,
): Promise<void> {
  const current = await readEnvironment(dynamodb, environment);
  if (current?.operation?.executionArn !== operation.executionArn) return;
  // By the environment's uid: an attempt that outlives its own repeat must leave the claim of one that was made anew.
  await deleteItem(dynamodb, { kind: 'name', id: environment.name }, { when: '#uid = :uid', values: { ':uid': environment.uid } });
  await deleteItem(dynamodb, keyOf(environment), { when: mine, values: { ':me': operation.executionArn } });
}

/**
 * Lets go of an environment, recording how the operation ended; what is undefined is not recorded any more. Returns the environment as it is
 * then, or undefined where this operation does not hold it (any more): nothing is done then.
 */
export async function release(
  dynamodb: DynamoDBClient,
  environment: EnvironmentSubject,
  operation: Holder,
  end: { status?: EnvironmentStatus; updatedAt: string } & Readonly<Record<string, unknown>>,
): Promise<Environment | undefined> {
  const set = Object.fromEntries(Object.entries(end).filter(([, value]) => value !== undefined));
  const undone = Object.keys(end).filter((name) => end[name] === undefined);
  const ended = end.status === undefined ? [] : ['lastError', 'quietUntil'];
  const forget = ['operation', ...ended, ...undone, ...(end.status === 'stopped' ? ['publicIpAddress', 'stopAt'] : [])];
  return updateItem(
    dynamodb,
    keyOf(environment),
    { set, remove: forget, when: mine, values: { ':me': operation.executionArn } },
    Environment,
  );
}
