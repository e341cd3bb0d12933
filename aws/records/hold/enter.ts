import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { latestStop } from '../../../core/auto-stop.ts';
import { refuseByRecord, refuseOtherKey } from '../../../core/changes.ts';
import type { Due, HeldEnvironment } from '../../../core/document.ts';
import {
  type Environment,
  type EnvironmentRequest,
  environmentExists,
  environmentNotFound,
  type GivenRequest,
  noAcceptedKey,
  powerFor,
  refuseEmptyDisk,
  refuseFrom,
  refuseInTransfer,
  requestOf,
  statusOf,
} from '../../../core/environment.ts';
import { type ErrorName, RecodeError } from '../../../core/errors.ts';
import { reconcile, reserve } from '../../../core/hours.ts';
import type { Keep } from '../../../core/kept.ts';
import { accepts, withKey } from '../../../core/keys.ts';
import { holderOf, isHeldBy } from '../../../core/lock.ts';
import type { Network, ReadyNetwork } from '../../../core/network.ts';
import type { Operation } from '../../../core/operation.ts';
import { type EnvironmentOperationKind, operations } from '../../../core/operations.ts';
import type { Settings } from '../../../core/settings.ts';
import type { EnvironmentStatus } from '../../../core/status.ts';
import { observation } from '../../ec2/observation.ts';
import { findInstances } from '../../ec2/resources.ts';
import { type EnvironmentSubject, readEnvironment, readEnvironments } from '../read/environment.ts';
import {
  change,
  changeKeys,
  changeUnheld,
  claimName,
  claimNewName,
  leaveEnvironment,
  type Names,
  putEnvironment,
  takeEnvironment,
} from './environment.ts';
import { changeHours } from './hours.ts';
import { networkToEnter } from './network.ts';

/** How an operation that begins enters the records: the network's, and that of its environment, which it takes or puts. */

/** An operation that begins, and what it needs for that. */
export interface Entry {
  readonly dynamodb: DynamoDBClient;
  readonly ec2: EC2Client;
  readonly sfn: SFNClient;
  readonly now: number;
  readonly operation: Operation & { readonly kind: EnvironmentOperationKind };
  readonly settings: Settings;
}

/**
 * An environment, for an operation that needs an instance. If a first start failed while EC2 did not answer, its record does not know the
 * instance that it launched, which is recorded now.
 *
 * @returns undefined if the environment is gone by then
 */
export async function withInstance(environment: Environment, { dynamodb, ec2, now, operation }: Entry): Promise<Environment | undefined> {
  const { from }: { from: readonly EnvironmentStatus[] } = operations[operation.kind];
  if (environment.name === undefined || environment.observed || holderOf(environment) || from.includes('creating')) return environment;
  const instances = await findInstances(ec2, environment);
  if (instances.length === 0) return environment;
  await changeUnheld(dynamodb, environment, observation(instances, undefined, new Date(now).toISOString()));
  return readEnvironment(dynamodb, environment);
}

/** The network of an environment that exists. Throws RecodeError UninstallInProgress, EnvironmentNotFinished. */
export async function readyNetwork({ dynamodb, sfn, now }: Entry): Promise<ReadyNetwork> {
  const network = await networkToEnter(dynamodb, sfn, now);
  if (network.status === 'ready') return network;
  throw new RecodeError('EnvironmentNotFinished', 'The network is not complete: the first start in this region failed.');
}

/** The network, for a start. If an uninstall began after an earlier attempt put the environment, that is undone. */
export async function enterNetwork(subject: EnvironmentSubject, { dynamodb, sfn, now, operation }: Entry): Promise<Network> {
  try {
    return await networkToEnter(dynamodb, sfn, now);
  } catch (error) {
    if (!(error instanceof RecodeError) || error.name !== 'UninstallInProgress') throw error;
    const environment = await readEnvironment(dynamodb, subject);
    if (environment && isHeldBy(environment, operation)) {
      const { name, message } = error;
      await leaveEnvironment(dynamodb, environment, operation, { name, message, at: new Date(now).toISOString() });
    }
    throw error;
  }
}

/**
 * Refuses a new environment of an owner who has as many as the team allows, and undoes it. It compares with older environments only, after
 * the new one was put: of several concurrent starts, exactly as many succeed as there is room for.
 */
export async function refuseOneTooMany(environment: Environment, { dynamodb, operation, settings }: Entry): Promise<void> {
  const most = settings.environmentsPerOwner;
  if (most === 0) return;
  const ageOf = ({ createdAt, uid }: Environment) => `${createdAt} ${uid}`;
  const { items } = await readEnvironments(dynamodb, environment.owner);
  const before = items.filter((other) => ageOf(other) < ageOf(environment));
  if (before.length < most) return;
  await leaveEnvironment(dynamodb, environment, operation);
  const names = before.map(({ repository }) => repository).join(', ');
  throw new RecodeError('TooManyEnvironments', `${environment.owner} has ${names}; your team allows ${most}.`);
}

/**
 * Reserves the hours of a start, where there is a cap on them, up to the latest time of its stop; FinishOperation knows the time itself. An
 * environment that gets none is left as it was.
 *
 * @param autoStop what the start asks for
 * @throws RecodeError HoursUsedUp, TooManyEnvironments; OperationSettling while another start may give some back
 */
export async function reserveHours(environment: Environment, entry: Entry, autoStop = environment.wanted.autoStop): Promise<void> {
  const { dynamodb, operation, settings, now } = entry;
  const moment = { now, limit: settings.hoursPerOwner };
  if (moment.limit === 0) return;
  const stopAt = latestStop(autoStop ?? settings.autoStop, now, settings.longestRun);
  try {
    await changeHours(dynamodb, environment.owner, async (hours) => {
      const { items, unreadable } = await readEnvironments(dynamodb, environment.owner);
      const current = unreadable.length > 0 ? hours : reconcile(hours, items, moment, environment);
      return reserve(current, environment, stopAt, moment);
    });
  } catch (error) {
    if (error instanceof RecodeError && error.name !== 'OperationSettling') await leaveEnvironment(dynamodb, environment, operation);
    throw error;
  }
}

/** Takes the environment, after refusing what it cannot become. If there is none, puts a new one. */
export async function putOrTake(
  subject: EnvironmentSubject & { readonly uid: string },
  request: EnvironmentRequest,
  given: GivenRequest,
  entry: Entry,
): Promise<Environment> {
  const existing = await readEnvironment(entry.dynamodb, subject);
  if (existing) return take(existing, entry, { given });
  // Nobody gets an environment from somebody else, whose key would be its first one.
  if (entry.operation.owner !== subject.owner) throw environmentNotFound(subject);
  const time = new Date(entry.now).toISOString();
  const { operation } = entry;
  await putEnvironment(entry.dynamodb, {
    format: 2,
    ...subject,
    wanted: { ...request, power: 'on' },
    lock: operation,
    createdAt: time,
    updatedAt: time,
  });
  // Another start may have been faster: its environment is taken like any other.
  return putOrTake(subject, request, given, entry);
}

/** What the environment must match for the operation to take it. */
interface Fitting {
  readonly given?: GivenRequest;
  readonly due?: Due | undefined;
}

/**
 * Takes an environment, after refusing what it cannot become.
 *
 * @throws RecodeError those of `takeEnvironment`, AutoStopNotDue, AutoStopHeldUp, TransferNotFinished, NoAcceptedKey, NotYourEnvironment, and
 *   those of `refuseFrom` and `refuseByRecord`
 */
export async function take(
  environment: Environment,
  { dynamodb, sfn, now, operation }: Entry,
  { given, due }: Fitting,
): Promise<Environment> {
  const taking = takeEnvironment(dynamodb, sfn, { environment, operation, now }, (existing) => {
    if (due && !isDue(existing, due, now)) throw notDue(existing, due);
    // An instance that runs in vain is stopped. A record that its new owner gets belongs to the transfer of the former one.
    if (!due && !(operation.kind === 'transfer' && existing.transferFrom === undefined)) refuseInTransfer(existing);
    const status = statusFound(existing);
    refuseFrom(status, operation.kind, existing.repository);
    if (given?.restore && status !== 'creating' && status !== 'gone') throw environmentExists(existing);
    const bringsKey = given !== undefined && operation.owner === existing.owner;
    if (operations[operation.kind].ends === 'started' && existing.wanted.publicKey === undefined && !bringsKey)
      throw noAcceptedKey(existing);
    if (given && operation.owner !== existing.owner && !accepts(existing.wanted, given.publicKey)) throw keysAreTheOwners(existing);
    if (given && status === 'gone' && existing.observed)
      refuseEmptyDisk(existing.repository, existing.observed.instanceId, { ...existing.wanted, ...given });
    // Options may change until there is an instance. PlanStart sees whether there is one.
    if (given && status !== 'creating' && status !== 'gone') refuseByRecord(existing, given);
  });
  // Nobody sees it refused, or asks again: it waits.
  return due ? taking.catch(heldUp) : taking;
}

function heldUp(error: unknown): never {
  if (!(error instanceof RecodeError) || error.name !== 'OperationInProgress') throw error;
  throw new RecodeError('AutoStopHeldUp', error.message, { cause: error });
}

/** An environment that accepts no key since its transfer accepts the one that its owner starts it with. Throws RecodeError PrivateKeyNotHere. */
export async function acceptFirstKey(environment: Environment, given: GivenRequest, entry: Entry): Promise<Environment> {
  const { wanted, repository } = environment;
  if (wanted.publicKey !== undefined) return environment;
  const { dynamodb, operation, now } = entry;
  const keys = withKey(wanted, given.publicKey, new Date(now).toISOString());
  if (await changeKeys(dynamodb, environment, keys)) return { ...environment, wanted: { ...wanted, ...keys } };
  // Its owner has added one meanwhile, which may be another.
  const current = (await readEnvironment(dynamodb, environment)) ?? environment;
  if (accepts(current.wanted, given.publicKey)) return current;
  await leaveEnvironment(dynamodb, environment, operation);
  refuseOtherKey(repository, current.wanted, given);
  throw noAcceptedKey(environment);
}

/** The status that an operation finds. Its lock does not count: no other operation holds the environment by then. */
const statusFound = ({ wanted, observed }: Environment) => statusOf({ wanted, observed });

/** What an operation wants of an environment, of what is recorded before it begins. */
interface Asked extends Pick<GivenRequest, 'allowCidrs' | 'autoStop' | 'idleStop'> {
  readonly keep?: Keep;
  /** The name that it gets. */
  readonly name?: string | undefined;
  /** The name that it had before it had a record. */
  readonly hadBefore?: string | undefined;
}

/** Claims the name of an environment that was taken, and records what is wanted from now on. Throws RecodeError NameTaken. */
export async function claimNameAndRecordWanted<Request extends EnvironmentRequest>(
  environment: Environment,
  request: Request,
  { dynamodb, now, operation }: Entry,
  { allowCidrs, autoStop, idleStop, keep, name: newName, hadBefore }: Asked = {},
): Promise<Held<Request>> {
  const names =
    newName === undefined
      ? await claimName(dynamodb, environment, operation, hadBefore)
      : await claimNewName(dynamodb, environment, operation, newName).catch(leaving(dynamodb, environment, operation, 'NameTaken'));
  const power = powerFor(operation.kind);
  // PlanStart records what an instance is launched with, once it has seen that there is none.
  await change(dynamodb, environment, operation, {
    set: {
      ...(power !== undefined && { 'wanted.power': power }),
      ...(allowCidrs && { 'wanted.allowCidrs': allowCidrs }),
      ...(autoStop && { 'wanted.autoStop': autoStop }),
      ...(idleStop !== undefined && { 'wanted.idleStop': idleStop }),
      ...(keep !== undefined && { 'wanted.keep': keep }),
      updatedAt: new Date(now).toISOString(),
    },
  });
  return heldAsFound(environment, names, request);
}

/** The environment that an operation holds, with what is asked for. */
type Held<Request> = HeldEnvironment & { readonly request: Request };

/**
 * The environment that an operation holds.
 *
 * @param found as it was found, before anything was recorded
 */
export function heldAsFound<Request extends EnvironmentRequest>(
  found: Environment,
  { name, formerNames }: Names,
  request: Request,
): Held<Request> {
  const { uid, owner, repository, wanted, observed, changing, updatedAt } = found;
  const recorded = {
    status: statusFound(found),
    request: requestOf(found),
    instanceId: observed?.instanceId ?? null,
    stopAt: wanted.stopAt,
    updatedAt,
    ...(observed?.state === 'running' && { ranAt: observed.at }),
    ...(changing && { changing }),
  };
  return { uid, owner, repository, name, ...(formerNames && { formerNames }), request, recorded };
}

/** Releases an environment that an operation has taken, if it is refused with this error. */
function leaving(dynamodb: DynamoDBClient, environment: Environment, operation: Operation, refusal: ErrorName) {
  return async (error: unknown): Promise<never> => {
    if (error instanceof RecodeError && error.name === refusal) await leaveEnvironment(dynamodb, environment, operation);
    throw error;
  };
}

const keysAreTheOwners = ({ owner }: Environment) =>
  new RecodeError('NotYourEnvironment', `Only ${owner} can change the keys of this environment.`);

/** Whether the record itself says that the environment is to stop by now. The input of an automatic stop only says which stop it means. */
function isDue({ uid, wanted: { stopAt } }: Environment, due: Due, now: number): boolean {
  return uid === due.uid && stopAt === due.stopAt && Date.parse(stopAt) <= now;
}

function notDue({ repository, uid, wanted: { stopAt } }: Environment, due: Due): RecodeError {
  const now =
    uid !== due.uid ? 'it has been replaced' : stopAt === undefined ? 'it no longer stops automatically' : `it stops at ${stopAt} now`;
  return new RecodeError('AutoStopNotDue', `The environment ${repository} was to be stopped at ${due.stopAt}, but ${now}.`);
}
