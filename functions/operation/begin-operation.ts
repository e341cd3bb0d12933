import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EC2Client, Subnet as Ec2Subnet } from '@aws-sdk/client-ec2';
import type { SFNClient } from '@aws-sdk/client-sfn';
import * as v from 'valibot';
import { resolveInstanceType } from '../../aws/ec2/instance-type.ts';
import { observation } from '../../aws/ec2/observation.ts';
import { findInstances, hasResources } from '../../aws/ec2/resources.ts';
import { knownSubnet } from '../../aws/ec2/subnet.ts';
import { type Identities, identities } from '../../aws/executions/identities.ts';
import { change, changeUnheld, claimName, leaveEnvironment, putEnvironment, takeEnvironment } from '../../aws/records/hold/environment.ts';
import { networkToEnter, takeNetworkToUninstall, uninstallInProgress } from '../../aws/records/hold/network.ts';
import { readEnvironment, readEnvironments } from '../../aws/records/read/environment.ts';
import { readNetwork } from '../../aws/records/read/network.ts';
import { ifInstalled } from '../../aws/records/read/table.ts';
import { dynamodb, ec2, sfn } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { requireAllowed } from '../../core/auto-stop.ts';
import {
  Begun,
  type Due,
  type HeldEnvironment,
  RecordedEnvironmentInput,
  recordedKinds,
  StartInput,
  type Subnet,
  UninstallInput,
} from '../../core/document.ts';
import {
  type Environment,
  type EnvironmentRequest,
  type GivenRequest,
  powerFor,
  refuseFrom,
  refuseOtherRequest,
  requestOf,
  statusOf,
} from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';
import { imagePublisher } from '../../core/image-publisher.ts';
import type { InstanceType } from '../../core/instance-type.ts';
import { accepts } from '../../core/keys.ts';
import { holderOf, isHeldBy } from '../../core/lock.ts';
import type { Network, ReadyNetwork } from '../../core/network.ts';
import type { Operation } from '../../core/operation.ts';
import { type EnvironmentOperationKind, operations } from '../../core/operations.ts';
import { autoStopCaller } from '../../core/owner.ts';
import { subnetToTry } from '../../core/placement.ts';
import { canCheckSsh } from '../../core/plan.ts';
import type { Settings } from '../../core/settings.ts';
import type { EnvironmentStatus } from '../../core/status.ts';
import { actingAs } from '../../core/teammates.ts';

const execution = {
  executionArn: v.string(),
  startedAt: v.string(),
  /** The input as it was given, which the proof in it signs. */
  signed: v.unknown(),
};

const BeginInput = v.variant('kind', [
  v.object({ kind: v.literal('start'), ...execution, input: StartInput }),
  v.object({ kind: v.picklist(recordedKinds), ...execution, input: RecordedEnvironmentInput }),
  v.object({ kind: v.literal('uninstall'), ...execution, input: UninstallInput }),
]);
type BeginInput = v.InferOutput<typeof BeginInput>;

/** An operation that begins, and what it needs for that. */
interface Entry {
  readonly dynamodb: DynamoDBClient;
  readonly ec2: EC2Client;
  readonly sfn: SFNClient;
  readonly now: number;
  readonly operation: Operation & { readonly kind: EnvironmentOperationKind };
  readonly settings: Settings;
}

/**
 * Begins an operation: takes the lock for this execution, and returns the first nouns of the state document. Before it changes anything, it
 * knows who has started the execution.
 */
export const beginOperation = step({
  input: BeginInput,
  output: Begun,
  uses: { dynamodb, ec2, sfn, identities, settings },
  // It waits until the last Lambda of another operation must be dead, and a start asks EC2 each time.
  pause: 1_000,
  async run(begun, { identities, clock, ...used }): Promise<Begun[Operation['kind']]> {
    const { executionArn, startedAt } = begun;
    const context = { ...used, now: clock.now() };
    const { dynamodb, sfn } = context;
    const asking = () => beginnerOf(begun, identities, used.settings);
    const operation = (beginner: Beginner) => ({ executionArn, ...beginner, startedAt });
    if (begun.kind === 'start') {
      // Where Canonical has no image, nothing is created.
      imagePublisher(executionArn);
      const { environment, request } = begun.input;
      if (request.autoStop) requireAllowed(request.autoStop, context.settings.longestRun);
      const [beginner, looked] = await Promise.all([asking(), look(environment, request, context)]);
      return beginStart(begun.input, looked, { ...context, operation: { ...operation(beginner), kind: begun.kind } });
    }
    if (begun.kind === 'uninstall') {
      const { kind } = begun;
      const uninstall = { ...operation(await asking()), kind };
      return { kind, operation: uninstall, network: await takeNetworkToUninstall(dynamodb, sfn, uninstall, context.now) };
    }
    const { kind } = begun;
    const { environment: subject, due } = begun.input;
    const [beginner, recorded] = await Promise.all([asking(), readEnvironment(dynamodb, subject)]);
    if (!recorded) throw environmentNotFound(subject);
    const entry = { ...context, operation: { ...operation(beginner), kind } };
    const existing = await withInstance(recorded, entry);
    if (!existing) throw environmentNotFound(subject);
    const network = operations[kind].ends === 'started' ? { network: await readyNetwork(entry) } : {};
    const environment = await take(existing, entry, { due });
    const held = await claimNameAndRecordWanted(environment, requestOf(environment), entry);
    return { kind, operation: entry.operation, environment: held, ...network };
  },
});

export const handler = lambdaHandler(beginOperation);

/**
 * A start writes the environment before it reads the network again. An uninstall marks the network before it reads the environments. So at
 * least one of them sees the other.
 */
async function beginStart(
  { environment: subject, request: given }: StartInput,
  { instanceType, untouched, subnets }: Looked,
  entry: Entry,
): Promise<Begun['start']> {
  const { dynamodb, operation, settings } = entry;
  const { volumeSize, volumeType, ingressCidrs } = settings;
  const uid = randomUUID();
  const request = { volumeSize, volumeType, allowCidrs: [...ingressCidrs], ...given, instanceType: instanceType.name };
  for (;;) {
    const { installation } = await enterNetwork(subject, entry);
    const environment = await putOrTake({ ...subject, uid }, request, given, entry);
    if (environment.name === undefined) await refuseOneTooMany(environment, entry);
    const network = await readNetwork(dynamodb);
    if (network?.installation === installation && network.status !== 'deleting') {
      const request = withFirstKey(given, environment);
      const wanted = { ...requestOf(environment), ...request, instanceType: instanceType.name };
      const held = await claimNameAndRecordWanted(environment, wanted, entry, request);
      const there = network.status === 'ready' ? subnetFor(instanceType, subnets, network) : {};
      const begun = { kind: 'start', environment: held, request, instanceType, operation, network, ...there } as const;
      if (!untouched || environment.uid !== uid) return begun;
      const plan = { action: 'create', checkSsh: canCheckSsh(wanted.allowCidrs), nothingExists: true } as const;
      return { ...begun, plan };
    }
    await leaveEnvironment(dynamodb, environment, operation);
    // Under another installation, Recode was uninstalled in the meantime: begin in the new one.
    if (network?.installation === installation) throw uninstallInProgress();
  }
}

/** The subnet to try first. Missing if none fits: EC2's refusal of the network's first one leads to another. */
function subnetFor(instanceType: InstanceType, subnets: readonly Ec2Subnet[], { ids }: ReadyNetwork): { readonly subnet?: Subnet } {
  const known = subnets.filter(({ VpcId }) => VpcId === ids.vpcId).map(knownSubnet);
  const subnet = subnetToTry(known, { offered: instanceType.zones });
  return subnet ? { subnet: { subnetId: subnet.subnetId, full: [], withoutCapacity: [] } } : {};
}

/** Who begins an operation, as its record has them. */
type Beginner = Pick<Operation, 'owner' | 'byAdministrator'>;

/**
 * Who has started the execution and may do so. Nobody has to prove to have started an automatic stop: it stops what is due to stop, whoever has
 * started it.
 *
 * @throws RecodeError TeammateNotAllowed, and as `Identities` does
 */
async function beginnerOf(begun: BeginInput, identities: Identities, settings: Settings): Promise<Beginner> {
  const { executionArn, signed } = begun;
  const { proof } = begun.input;
  if (begun.kind === 'stop' && begun.input.due && !proof) return { owner: autoStopCaller };
  const starter = await identities.starterOf({ executionArn, signed, proof });
  const { owner } = starter;
  const acting = begun.kind === 'uninstall' ? 'owner' : actingAs(starter, begun.input.environment, settings);
  return { owner, ...(acting === 'administrator' && { byAdministrator: true }) };
}

/** What a start has to know before it changes anything. */
interface Looked {
  /** The type that an instance of the environment has. */
  readonly instanceType: InstanceType;
  /** Whether neither a record nor EC2 shows anything of the environment. */
  readonly untouched: boolean;
  /** The subnets of Recode. None for an environment that has an instance. */
  readonly subnets: readonly Ec2Subnet[];
}

async function look(
  subject: StartInput['environment'],
  given: GivenRequest,
  { dynamodb, ec2, settings }: Pick<Entry, 'dynamodb' | 'ec2' | 'settings'>,
): Promise<Looked> {
  // Before the first start in a region there is no table, so there is no record.
  const [recorded, network] = await Promise.all([ifInstalled(readEnvironment(dynamodb, subject)), ifInstalled(readNetwork(dynamodb))]);
  const { observed } = recorded ?? {};
  // An existing instance proves that its type works. PlanStart compares the options with it.
  if (observed && observed.state !== 'gone') {
    return { instanceType: { name: observed.instanceType, architecture: observed.architecture, zones: [] }, untouched: false, subnets: [] };
  }
  const [resolved, inUse] = await Promise.all([
    resolveInstanceType(ec2, given.instanceType ?? recorded?.wanted.instanceType, settings, { newNetwork: network?.status !== 'ready' }),
    recorded !== undefined || hasResources(ec2, subject),
  ]);
  return { ...resolved, untouched: !inUse };
}

/** A start with any key that the environment accepts is one with its first key, which stays. */
function withFirstKey(given: GivenRequest, { wanted }: Environment): GivenRequest {
  return accepts(wanted, given.publicKey) ? { ...given, publicKey: wanted.publicKey } : given;
}

/**
 * Reads an environment, for an operation that needs an instance. If a first start failed while EC2 did not answer, its record does not know the
 * instance that it launched, which is recorded now.
 */
async function withInstance(environment: Environment, { dynamodb, ec2, now, operation }: Entry): Promise<Environment | undefined> {
  const { from }: { from: readonly EnvironmentStatus[] } = operations[operation.kind];
  if (environment.name === undefined || environment.observed || holderOf(environment) || from.includes('creating')) return environment;
  const instances = await findInstances(ec2, { ...environment, name: environment.name });
  if (instances.length === 0) return environment;
  await changeUnheld(dynamodb, environment, observation(instances, false, new Date(now).toISOString()));
  return readEnvironment(dynamodb, environment);
}

/** The network of an environment that exists. Throws RecodeError UninstallInProgress, EnvironmentNotFinished. */
async function readyNetwork({ dynamodb, sfn, now }: Entry): Promise<ReadyNetwork> {
  const network = await networkToEnter(dynamodb, sfn, now);
  if (network.status === 'ready') return network;
  throw new RecodeError('EnvironmentNotFinished', 'The network is not complete: the first start in this region failed.');
}

/** The network, for a start. If an uninstall began after an earlier attempt put the environment, that is undone. */
async function enterNetwork(subject: StartInput['environment'], { dynamodb, sfn, now, operation }: Entry): Promise<Network> {
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
async function refuseOneTooMany(environment: Environment, { dynamodb, operation, settings }: Entry): Promise<void> {
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

/** Takes the environment, after refusing what it cannot become. If there is none, puts a new one. */
async function putOrTake(
  subject: StartInput['environment'] & { readonly uid: string },
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

function take(environment: Environment, { dynamodb, sfn, now, operation }: Entry, { given, due }: Fitting): Promise<Environment> {
  return takeEnvironment(dynamodb, sfn, { environment, operation, now }, (existing) => {
    if (due && !isDue(existing, due, now)) throw notDue(existing, due);
    const status = statusFound(existing);
    refuseFrom(status, operation.kind, existing.repository);
    if (given && operation.owner !== existing.owner && !accepts(existing.wanted, given.publicKey)) throw keysAreTheOwners(existing);
    // Options may change until there is an instance. PlanStart sees whether there is one.
    if (given && status !== 'creating' && status !== 'gone') refuseOtherRequest(existing.repository, existing.wanted, given);
  });
}

/** The status that an operation finds. Its lock does not count: no other operation holds the environment by then. */
const statusFound = ({ wanted, observed }: Environment) => statusOf({ wanted, observed });

/** Claims the name of an environment that was taken, and records what is wanted from now on. */
async function claimNameAndRecordWanted(
  environment: Environment,
  request: EnvironmentRequest,
  { dynamodb, now, operation }: Entry,
  { allowCidrs, autoStop }: Pick<GivenRequest, 'allowCidrs' | 'autoStop'> = {},
): Promise<HeldEnvironment> {
  const name = await claimName(dynamodb, environment, operation);
  // PlanStart records what an instance is launched with, once it has seen that there is none.
  await change(dynamodb, environment, operation, {
    set: {
      'wanted.power': powerFor(operation.kind),
      ...(allowCidrs && { 'wanted.allowCidrs': allowCidrs }),
      ...(autoStop && { 'wanted.autoStop': autoStop }),
      updatedAt: new Date(now).toISOString(),
    },
  });
  const { uid, owner, repository, wanted, observed, updatedAt } = environment;
  const recorded = {
    status: statusFound(environment),
    request: requestOf(environment),
    instanceId: observed?.instanceId ?? null,
    stopAt: wanted.stopAt,
    updatedAt,
  };
  return { uid, owner, repository, name, request, recorded };
}

const keysAreTheOwners = ({ owner }: Environment) =>
  new RecodeError('NotYourEnvironment', `Only ${owner} can change the keys of this environment.`);

const environmentNotFound = ({ owner, repository }: { owner: string; repository: string }) =>
  new RecodeError('EnvironmentNotFound', `${owner} has no environment for ${repository}.`);

/** Whether the record itself says that the environment is to stop by now. The input of an automatic stop only says which stop it means. */
function isDue({ uid, wanted: { stopAt } }: Environment, due: Due, now: number): boolean {
  return uid === due.uid && stopAt === due.stopAt && Date.parse(stopAt) <= now;
}

function notDue({ repository, uid, wanted: { stopAt } }: Environment, due: Due): RecodeError {
  const now =
    uid !== due.uid ? 'it has been replaced' : stopAt === undefined ? 'it no longer stops automatically' : `it stops at ${stopAt} now`;
  return new RecodeError('AutoStopNotDue', `The environment ${repository} was to be stopped at ${due.stopAt}, but ${now}.`);
}
