import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { type Environment, namesOf } from '../../../core/environment.ts';
import { RecodeError } from '../../../core/errors.ts';
import { RecordedEnvironment } from '../../../core/format-1.ts';
import type { Keys } from '../../../core/keys.ts';
import { holderOf, isHeldBy, quietUntilOf } from '../../../core/lock.ts';
import { candidateNames } from '../../../core/names.ts';
import { mostPastOperations, type Operation, type OperationEnd, type PastOperation, settleSeconds } from '../../../core/operation.ts';
import { type EnvironmentSubject, keyOf, readEnvironment } from '../read/environment.ts';
import { claimKey } from '../read/names.ts';
import { type Condition, parse } from '../read/table.ts';
import { current, withDueTime, written } from './format.ts';
import { lockAsRead, mine, refuseRunning, refuseSettling, settling } from './holder.ts';
import { claim } from './names.ts';
import { type Change, deleteItem, putItem, updateItem } from './table.ts';

/** Puts a new environment, held by its operation, unless there is one. */
export async function putEnvironment(dynamodb: DynamoDBClient, environment: Environment): Promise<void> {
  await putItem(dynamodb, keyOf(environment), withDueTime(environment));
}

/**
 * Takes an environment for an operation. What it changes of the record is the lock, and which past operations it remembers.
 *
 * @param admit throws to refuse the operation; called once no other operation runs, before waiting for its last Lambda
 * @throws RecodeError OperationInProgress while another operation runs, OperationSettling until its last Lambda must be dead
 */
export async function takeEnvironment(
  dynamodb: DynamoDBClient,
  sfn: SFNClient,
  { environment, operation, now }: { environment: Environment; operation: Operation; now: number },
  admit: (environment: Environment) => void,
): Promise<Environment> {
  if (isHeldBy(environment, operation)) return environment;
  const holder = holderOf(environment);
  const subject = `the environment ${environment.repository}`;
  const verdict = await refuseRunning(sfn, { subject, holder, now });
  // An execution that held it when it was read, and has just closed, may have changed it at its end.
  if (holder && verdict === 'settling' && !(await isStillHeldBy(dynamodb, environment, holder))) throw settling(subject);
  admit(environment);
  refuseSettling({ subject, verdict, quietUntil: quietUntilOf(environment), now });
  const { when, values } = asRead(environment);
  const { set, remove } = makeRoom(environment, holder);
  const taken = await update(dynamodb, environment, {
    set: { ...set, lock: operation },
    remove,
    when: `(${when}) OR ${mine}`,
    values: { ...values, ':me': operation.executionArn },
  });
  // Another operation was faster: the state machine retries, and reads which.
  if (!taken) throw settling(subject);
  return taken;
}

/**
 * Forgets the oldest operations, so that there is room for the end of the one that takes the environment. A dead one that never released it
 * is remembered without its end.
 */
function makeRoom({ lastOperations = [] }: Environment, dead: Operation | undefined): Change {
  const others = mostPastOperations - 1;
  if (dead) return { set: { lastOperations: [...lastOperations, dead].slice(-others) } };
  // By their places: another operation may have come and gone since the record was read, and have left it as free as it was.
  return { set: {}, remove: lastOperations.slice(others).map((_, place) => `lastOperations[${place}]`) };
}

async function isStillHeldBy(dynamodb: DynamoDBClient, environment: Environment, holder: Operation): Promise<boolean> {
  const existing = await readEnvironment(dynamodb, environment);
  return existing?.uid === environment.uid && isHeldBy(existing, holder);
}

/** The condition that an environment is still what was read: which one it is, what is wanted and observed of it, its transfer, and its lock. */
function asRead({ uid, wanted: { power, stopAt }, observed, transferTo, transferFrom, lock }: Environment): Condition {
  const due = stopAt === undefined ? 'attribute_not_exists(#wanted.#stopAt)' : '#wanted.#stopAt = :stopAt';
  const seen = observed ? '#observed.#instanceId = :instanceId AND #observed.#state = :state' : 'attribute_not_exists(#observed)';
  const transfers = transferTo === undefined ? 'attribute_not_exists(#transferTo)' : '#transferTo = :transferTo';
  const received = transferFrom === undefined ? 'attribute_not_exists(#transferFrom)' : '#transferFrom = :transferFrom';
  const locked = lockAsRead(lock);
  return {
    when: [current.when, '#uid = :uid', '#wanted.#power = :power', due, seen, transfers, received, locked.when].join(' AND '),
    values: {
      ...current.values,
      ...locked.values,
      ':uid': uid,
      ':power': power,
      ':stopAt': stopAt,
      ':transferTo': transferTo,
      ':transferFrom': transferFrom,
      ...(observed && { ':instanceId': observed.instanceId, ':state': observed.state }),
    },
  };
}

/**
 * Undoes what entering did: deletes an environment that never had a name, and releases any other. Does nothing if the operation does not
 * hold it.
 *
 * @param lastError why the operation failed, if it did
 */
export async function leaveEnvironment(
  dynamodb: DynamoDBClient,
  environment: EnvironmentSubject,
  operation: Operation,
  lastError?: Environment['lastError'],
): Promise<void> {
  const key = keyOf(environment);
  const values = { ':me': operation.executionArn };
  const nameless = { when: `${mine} AND attribute_not_exists(#name)`, values };
  if (await written(dynamodb, key, () => deleteItem(dynamodb, key, nameless))) return;
  const failed = lastError && { set: { lastError }, append: ended(operation, { endedAt: lastError.at, error: lastError.name }) };
  await update(dynamodb, environment, { set: {}, ...failed, remove: ['lock'], when: mine, values });
}

const ended = (operation: Operation, end: OperationEnd) => ({ lastOperations: [{ ...operation, ...end } satisfies PastOperation] });

/** What an environment is called, and what it was called before a rename that is not finished. */
export type Names = Pick<Environment, 'formerNames'> & { readonly name: string };

/**
 * Gives an environment its name: the one that it has, or else the first of its candidates that no other environment has claimed. The name is
 * written into the environment before it is claimed, so that every claim has its environment.
 *
 * @param hadBefore the best candidate of one that never had a name, if it had one before its record
 * @throws RecodeError LockLost when another operation has taken the environment
 */
export async function claimName(
  dynamodb: DynamoDBClient,
  environment: Environment,
  operation: Operation,
  hadBefore?: string,
): Promise<Names> {
  const { name: current, formerNames } = environment;
  if (current !== undefined && formerNames) {
    if (await claim(dynamodb, { ...environment, name: current })) return { name: current, formerNames };
    // The rename died before its claim, and another environment has got the name since.
    return claimName(dynamodb, await withoutNewName(dynamodb, environment, operation), operation);
  }
  const candidates = candidateNames(environment);
  const best = current ?? hadBefore;
  const given = best === undefined || candidates.includes(best) ? [] : [best];
  const first = best === undefined ? 0 : candidates.indexOf(best);
  for (const name of [...given, ...candidates.slice(Math.max(0, first))]) {
    await change(dynamodb, environment, operation, { set: { name } });
    if (await claim(dynamodb, { ...environment, name })) return { name };
  }
  throw new RecodeError('NameOwnedElsewhere', `The names ${candidates.join(', ')} are all used by other environments.`);
}

/**
 * Gives an environment another name. It keeps the claims on its former ones until `releaseFormerNames`: resources have them until then.
 *
 * @throws RecodeError NameTaken if another environment has claimed the name, LockLost when another operation has taken the environment
 */
export async function claimNewName(dynamodb: DynamoDBClient, environment: Environment, operation: Operation, name: string): Promise<Names> {
  const formerNames = namesOf(environment).filter((other) => other !== name);
  if (formerNames.length === 0) return claimName(dynamodb, environment, operation);
  const renamed = await change(dynamodb, environment, operation, { set: { name, formerNames } });
  if (await claim(dynamodb, { ...renamed, name })) return { name, formerNames };
  await withoutNewName(dynamodb, renamed, operation);
  throw nameTaken({ name });
}

/** The refusal of a name that another environment has. */
export const nameTaken = ({ name }: { readonly name: string }): RecodeError =>
  new RecodeError('NameTaken', `Another environment in this region is called ${name}.`);

/** An environment with the name that it had before a rename. */
function withoutNewName(dynamodb: DynamoDBClient, environment: Environment, operation: Operation): Promise<Environment> {
  const [name, ...formerNames] = environment.formerNames ?? [];
  const left = formerNames.length > 0 ? { set: { name, formerNames } } : { set: { name }, remove: ['formerNames'] };
  return change(dynamodb, environment, operation, left);
}

/**
 * Deletes the claims of a renamed environment on its former names, which no resource has any more. Does nothing if the operation does not
 * hold it (anymore).
 */
export async function releaseFormerNames(
  dynamodb: DynamoDBClient,
  environment: EnvironmentSubject & Pick<Environment, 'formerNames'>,
  operation: Operation,
): Promise<void> {
  if (!environment.formerNames) return;
  const existing = await readEnvironment(dynamodb, environment);
  if (!existing || !isHeldBy(existing, operation)) return;
  for (const name of existing.formerNames ?? []) await releaseName(dynamodb, { uid: existing.uid, name });
}

// By the environment's uid: an attempt that outlives its own retry must leave the claim of an environment created since.
const releaseName = (dynamodb: DynamoDBClient, { uid, name }: { readonly uid: string; readonly name: string }) =>
  deleteItem(dynamodb, claimKey(name), { when: '#uid = :uid', values: { ':uid': uid } });

/** Changes an environment that this operation holds. Throws LockLost when it does not. */
export async function change(
  dynamodb: DynamoDBClient,
  environment: EnvironmentSubject,
  operation: Operation,
  change: Change,
): Promise<Environment> {
  const changed = await update(dynamodb, environment, { ...change, when: mine, values: { ':me': operation.executionArn } });
  if (!changed) throw new RecodeError('LockLost', `Another operation has taken the environment ${environment.repository} over.`);
  return changed;
}

/**
 * Changes an environment that no operation holds.
 *
 * @throws RecodeError OperationSettling when the record has changed since it was read: look again
 */
export async function changeUnheld(dynamodb: DynamoDBClient, environment: Environment, change: Change): Promise<void> {
  const changed = await update(dynamodb, environment, { ...change, ...asRead(environment) });
  if (!changed) throw settling(`the environment ${environment.repository}`);
}

/**
 * Keeps operations off an environment that none holds, while calls to EC2 are under way that no operation may meet. It ends by itself, as
 * after a failed operation, where a Lambda dies meanwhile.
 *
 * @returns the environment as it is then; undefined if its record has changed since it was read, or operations are kept off already
 */
export async function keepQuiet(dynamodb: DynamoDBClient, environment: Environment, now: number): Promise<Environment | undefined> {
  if (holderOf(environment) || now < (quietUntilOf(environment) ?? 0)) return undefined;
  const lock = { quietUntil: now + settleSeconds * 1000 };
  return update(dynamodb, environment, { set: { lock }, ...asRead(environment) });
}

/** Lets operations have an environment again that `keepQuiet` returned. Does nothing if its record has changed since. */
export async function endQuiet(dynamodb: DynamoDBClient, environment: Environment): Promise<void> {
  await update(dynamodb, environment, { set: {}, remove: ['lock'], ...asRead(environment) });
}

/**
 * Changes the keys that an environment accepts, also while an operation holds it: no operation writes the added keys, and only a start
 * that launches an instance replaces the first one.
 *
 * @returns whether the environment was still as it was read, and neither being removed nor in a transfer
 */
export async function changeKeys(dynamodb: DynamoDBClient, environment: Environment, { publicKey, moreKeys }: Keys): Promise<boolean> {
  const { uid, wanted } = environment;
  const same = keysAsRead(wanted);
  const changed = await update(dynamodb, environment, {
    set: { ...(publicKey !== undefined && { 'wanted.publicKey': publicKey }), ...(moreKeys && { 'wanted.moreKeys': moreKeys }) },
    remove: moreKeys ? [] : ['wanted.moreKeys'],
    when: `${current.when} AND #uid = :uid AND #wanted.#power <> :removed AND ${notInTransfer} AND ${same.when}`,
    values: { ...current.values, ...same.values, ':uid': uid, ':removed': 'removed' },
  });
  return changed !== undefined;
}

const notInTransfer = 'attribute_not_exists(#transferTo) AND attribute_not_exists(#transferFrom)';

/** The condition that the keys are still what was read. */
function keysAsRead({ publicKey, moreKeys }: Keys): Condition {
  const list = '#wanted.#moreKeys';
  const each = (moreKeys ?? []).map((_, index) => `${list}[${index}].#publicKey = :more${index}`);
  const more = moreKeys ? [`size(${list}) = :more`, ...each] : [`attribute_not_exists(${list})`];
  return {
    when: [publicKey === undefined ? 'attribute_not_exists(#wanted.#publicKey)' : '#wanted.#publicKey = :first', ...more].join(' AND '),
    values: {
      ':first': publicKey,
      ':more': moreKeys?.length,
      ...Object.fromEntries((moreKeys ?? []).map((added, index) => [`:more${index}`, added.publicKey])),
    },
  };
}

/**
 * Deletes an environment that this operation holds, after its resources. The claims on its names go first, so that every claim has its
 * environment. Does nothing if the operation does not hold it (anymore).
 */
export async function deleteEnvironment(dynamodb: DynamoDBClient, environment: EnvironmentSubject, operation: Operation): Promise<void> {
  const existing = await readEnvironment(dynamodb, environment);
  if (!existing || !isHeldBy(existing, operation)) return;
  for (const name of namesOf(existing)) await releaseName(dynamodb, { uid: existing.uid, name });
  const key = keyOf(environment);
  await written(dynamodb, key, () => deleteItem(dynamodb, key, { when: mine, values: { ':me': operation.executionArn } }));
}

/**
 * Releases an environment and records how its operation ended. Returns whether this operation held it; does nothing if it does not
 * (anymore).
 *
 * @param end how the operation ended
 * @param quietUntil no operation may take it before (milliseconds since the epoch)
 */
export async function release(
  dynamodb: DynamoDBClient,
  environment: EnvironmentSubject,
  operation: Operation,
  { set, remove = [], end, quietUntil }: Change & { readonly end: OperationEnd; readonly quietUntil?: number },
): Promise<boolean> {
  const key = keyOf(environment);
  const lock = quietUntil === undefined ? { set, remove: [...remove, 'lock'] } : { set: { ...set, lock: { quietUntil } }, remove };
  const change = { ...followingStopTime(lock), append: ended(operation, end), when: mine, values: { ':me': operation.executionArn } };
  const released = await written(dynamodb, key, () => updateItem(dynamodb, key, change));
  return released !== undefined;
}

async function update(
  dynamodb: DynamoDBClient,
  environment: EnvironmentSubject,
  change: Change & Condition,
): Promise<Environment | undefined> {
  const key = keyOf(environment);
  const updated = await written(dynamodb, key, () => updateItem(dynamodb, key, { ...change, ...followingStopTime(change) }));
  return updated && parse(key, RecordedEnvironment, updated);
}

/** A change that also brings an environment into the index of those with a time to stop, or out of it. */
function followingStopTime({ set, remove = [] }: Change): Pick<Change, 'set' | 'remove'> {
  if ('wanted.stopAt' in set) return { set: { ...set, dueAt: set['wanted.stopAt'] }, remove };
  return { set, remove: remove.includes('wanted.stopAt') ? [...remove, 'dueAt'] : remove };
}
