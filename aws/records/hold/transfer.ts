import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { HeldEnvironment } from '../../../core/document.ts';
import {
  type Environment,
  environmentNotFound,
  namesOf,
  newOwnerHasEnvironment,
  type Observed,
  requestOf,
  transferNotFinished,
  transferOf,
} from '../../../core/environment.ts';
import { isRefusal, RecodeError } from '../../../core/errors.ts';
import { isHeldBy } from '../../../core/lock.ts';
import type { Holder, Operation, OperationEnd } from '../../../core/operation.ts';
import { type EnvironmentSubject, keyOf, readEnvironment } from '../read/environment.ts';
import { type Entry, heldAsFound, refuseOneTooMany, take } from './enter.ts';
import { change, leaveEnvironment, putEnvironment, release, takeEnvironment } from './environment.ts';
import { written } from './format.ts';
import { mine, settling } from './holder.ts';
import { handClaim } from './names.ts';
import { networkToEnter } from './network.ts';
import { type Change, deleteItem } from './table.ts';

/*
 * A record is kept under its owner, so it moves when an environment gets another one: there are two for a while, with the same `uid`. DynamoDB
 * writes one item at a time. Each write says what comes next, and only a transfer to the same new owner takes the records meanwhile:
 *
 *   1  the former owner's record is taken, and gets `transferTo`
 *   2  the new owner's record is put, held by the same execution, with `transferFrom`. It has no name: so far, the transfer can be refused
 *   3  it gets the name. From now on, the transfer only goes forward
 *   4  the resources get the tag of the new owner (ChangeOwner)
 *   5  the claims on the names are handed to the new owner's record
 *   6  the former owner's record is deleted
 *   7  the new owner's record is released, and loses `transferFrom`
 *
 * The release comes last. As long as there is a record of the former owner, nobody has used, removed or passed on the environment.
 */

/** What a transfer begins with. */
interface BegunTransfer {
  /** As its new owner has it. What is recorded is what the former owner's record said. */
  readonly environment: HeldEnvironment;
  readonly formerOwner: string;
  /** Whether resources may have the former owner's tag. */
  readonly handOver: boolean;
}

/**
 * Begins a transfer, or goes on with one that died: takes the record of the former owner, and puts or takes that of the new one.
 *
 * @param recorded the record of the former owner, if there is one
 * @param to who gets it; missing to go on with one that failed
 * @throws RecodeError those of `take`, EnvironmentNotFound, NewOwnerHasEnvironment, TooManyEnvironments, UninstallInProgress; TransferNotFinished if
 *   one to somebody else is not finished; InputNotValid without a new owner
 */
export async function beginTransfer(
  subject: EnvironmentSubject,
  recorded: Environment | undefined,
  to = recorded?.transferTo,
  entry: Entry,
): Promise<BegunTransfer> {
  const { dynamodb } = entry;
  const formerOwner = subject.owner;
  if (to === undefined || to === formerOwner) throw new RecodeError('InputNotValid', 'A transfer needs a new owner.');
  const recipient = { repository: recorded?.repository ?? subject.repository, owner: to };
  const received = await readEnvironment(dynamodb, recipient);
  // Only its release was left to do. By now, the former owner may have a new environment.
  if (received?.transferFrom === formerOwner && received.uid !== recorded?.uid) {
    const environment = await takeReceived(received, entry);
    return { environment: heldBy(recipient, environment, received), formerOwner, handOver: false };
  }
  if (!recorded) throw environmentNotFound(subject);
  const found = await take(recorded, entry, {});
  await refuseOther(found, to, entry);
  const environment = await receive(found, recipient, entry);
  return { environment: heldBy(recipient, environment, found), formerOwner, handOver: true };
}

function heldBy({ owner }: EnvironmentSubject, { name, formerNames, ...environment }: Environment, found: Environment): HeldEnvironment {
  if (name === undefined) throw new RecodeError('Unexpected', `The environment ${environment.repository} has no name.`);
  return { ...heldAsFound(found, { name, formerNames }, requestOf(environment)), owner };
}

/** Refuses another new owner than that of an unfinished transfer, once that has a record. */
async function refuseOther(found: Environment, to: string, { dynamodb, operation }: Entry): Promise<void> {
  const unfinished = transferOf(found);
  if (!unfinished || unfinished.to === to) return;
  const other = await readEnvironment(dynamodb, { ...found, owner: unfinished.to });
  if (other?.uid !== found.uid) return;
  await leaveEnvironment(dynamodb, found, operation);
  throw transferNotFinished(unfinished);
}

/** Steps 1 to 3. A refusal takes back what they have written. */
async function receive(former: Environment, recipient: EnvironmentSubject, entry: Entry): Promise<Environment> {
  const { dynamodb, operation } = entry;
  await change(dynamodb, former, operation, { set: { transferTo: recipient.owner } });
  try {
    return await putReceived(former, recipient, entry);
  } catch (error) {
    if (error instanceof RecodeError && isRefusal(error.name)) await takeBack(former, recipient, entry);
    throw error;
  }
}

async function putReceived(former: Environment, recipient: EnvironmentSubject, entry: Entry): Promise<Environment> {
  const { dynamodb, sfn, operation, now } = entry;
  await putEnvironment(dynamodb, receivedFrom(former, recipient, operation, new Date(now).toISOString()));
  const there = await readEnvironment(dynamodb, recipient);
  if (!there) throw settling(`the environment ${recipient.repository}`);
  if (there.uid !== former.uid) throw newOwnerHasEnvironment(there);
  const received = await takeReceived(there, entry);
  if (received.name === undefined) {
    await refuseOneTooMany(received, entry);
    // As a start: an uninstall that marks the network later finds this record.
    await networkToEnter(dynamodb, sfn, now);
  }
  const { name, formerNames, observed } = former;
  // Since an earlier attempt, the instance may have been terminated outside Recode.
  const seen = observed && { observed: asStopped(observed) };
  return change(dynamodb, received, operation, { set: { name, ...(formerNames && { formerNames }), ...seen } });
}

/** The record of the new owner, held by this execution. An earlier attempt may have put it; only an automatic stop may have taken it since. */
function takeReceived(environment: Environment, { dynamodb, sfn, operation, now }: Entry): Promise<Environment> {
  return takeEnvironment(dynamodb, sfn, { environment, operation, now }, () => undefined);
}

/** The record of the new owner, without a name, and without the keys of the former owner. */
function receivedFrom(
  { format, uid, repository, wanted, changing, lastOperations, owner: transferFrom }: Environment,
  { owner }: EnvironmentSubject,
  lock: Operation,
  time: string,
): Environment {
  const { publicKey: _, moreKeys: __, stopAt: ___, ...wishes } = wanted;
  return {
    format,
    uid,
    owner,
    repository,
    wanted: { ...wishes, power: 'off', homeKeys: false },
    ...(changing && { changing }),
    ...(lastOperations && { lastOperations }),
    transferFrom,
    lock,
    createdAt: time,
    updatedAt: time,
  };
}

/** What the transfer leads to. Until then, the former owner's record has the instance, and its hours. */
function asStopped({ publicIpAddress: _, state, ...instance }: Observed): Observed {
  return { ...instance, state: state === 'gone' ? 'gone' : 'stopped' };
}

/** After a refusal, everything is as it was before the transfer, unless an earlier execution has come further. */
async function takeBack(former: Environment, recipient: EnvironmentSubject, { dynamodb, operation }: Entry): Promise<void> {
  await leaveEnvironment(dynamodb, recipient, operation);
  const there = await readEnvironment(dynamodb, recipient);
  if (there?.uid !== former.uid) await change(dynamodb, former, operation, { set: {}, remove: ['transferTo'] });
  await leaveEnvironment(dynamodb, former, operation);
}

/**
 * Steps 5 to 7. Does nothing if the operation does not hold the record of the new owner (anymore).
 *
 * @param environment as its new owner has it
 */
export async function finishTransfer(
  dynamodb: DynamoDBClient,
  { environment, formerOwner }: { readonly environment: EnvironmentSubject; readonly formerOwner: string },
  operation: Operation,
  { set, remove = [], end }: Change & { readonly end: OperationEnd },
): Promise<void> {
  const received = await readEnvironment(dynamodb, environment);
  if (!received || !isHeldBy(received, operation)) return;
  const former = { repository: environment.repository, owner: formerOwner };
  for (const name of namesOf(received)) await handClaim(dynamodb, name, { uid: received.uid, from: former, to: environment });
  const key = keyOf(former);
  const values = { ':uid': received.uid, ':me': operation.executionArn };
  await written(dynamodb, key, () => deleteItem(dynamodb, key, { when: `#uid = :uid AND ${mine}`, values }));
  await release(dynamodb, environment, operation, { set, remove: [...remove, 'transferFrom'], end });
}

/**
 * The records that an operation holds: that of its environment, and of a transfer that of the other owner, too.
 *
 * @param other the other owner, if it is known; else the record tells
 */
export async function recordsHeldBy(
  dynamodb: DynamoDBClient,
  { owner, repository }: EnvironmentSubject,
  operation: Holder,
  other: string | undefined,
): Promise<Environment[]> {
  const record = await readEnvironment(dynamodb, { owner, repository });
  const transfer = record && transferOf(record);
  const owners = new Set([other, transfer?.from, transfer?.to].flatMap((each) => (each === undefined || each === owner ? [] : [each])));
  const others = await Promise.all([...owners].map((each) => readEnvironment(dynamodb, { owner: each, repository })));
  return [record, ...others].flatMap((each) => (each && isHeldBy(each, operation) ? [each] : []));
}
