import { randomUUID } from 'node:crypto';
import type { Subnet as Ec2Subnet } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { allEnded } from '../../aws/all-ended.ts';
import { findOwnKeyPair } from '../../aws/ec2/key-pair.ts';
import { type Looked, look, lookAtChange, lookAtMove } from '../../aws/ec2/look.ts';
import { findNamedGroup } from '../../aws/ec2/security-group.ts';
import { knownSubnet } from '../../aws/ec2/subnet.ts';
import { type Identities, identities } from '../../aws/executions/identities.ts';
import {
  acceptFirstKey,
  claimNameAndRecordWanted,
  type Entry,
  enterNetwork,
  putOrTake,
  readyNetwork,
  refuseOneTooMany,
  reserveHours,
  take,
  withInstance,
} from '../../aws/records/hold/enter.ts';
import { leaveEnvironment, nameTaken } from '../../aws/records/hold/environment.ts';
import { takeNetworkToUninstall, uninstallInProgress } from '../../aws/records/hold/network.ts';
import { beginTransfer } from '../../aws/records/hold/transfer.ts';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { readClaim } from '../../aws/records/read/names.ts';
import { readNetwork } from '../../aws/records/read/network.ts';
import { dynamodb, ec2, sfn } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { requireAllowed } from '../../core/auto-stop.ts';
import {
  Begun,
  provenExecution,
  RecordedEnvironmentInput,
  recordedKinds,
  StartInput,
  type Subnet,
  UninstallInput,
} from '../../core/document.ts';
import { type Environment, environmentNotFound, type GivenChanges, type GivenRequest, keyed, requestOf } from '../../core/environment.ts';
import { imagePublisher } from '../../core/image-publisher.ts';
import type { InstanceType } from '../../core/instance-type.ts';
import { keptUntil, longestKept } from '../../core/kept.ts';
import { accepts } from '../../core/keys.ts';
import { environmentId } from '../../core/names.ts';
import type { ReadyNetwork } from '../../core/network.ts';
import type { Operation } from '../../core/operation.ts';
import { autoStopCaller } from '../../core/owner.ts';
import { subnetToTry } from '../../core/placement.ts';
import { canCheckSsh } from '../../core/plan.ts';
import type { Settings } from '../../core/settings.ts';
import type { Belonging } from '../../core/tags.ts';
import { actingAs, settingsFor } from '../../core/teammates.ts';

const execution = { ...provenExecution, startedAt: v.string() };

const BeginInput = v.variant('kind', [
  v.object({ kind: v.literal('start'), ...execution, input: StartInput }),
  v.object({ kind: v.picklist(recordedKinds), ...execution, input: RecordedEnvironmentInput }),
  v.object({ kind: v.literal('uninstall'), ...execution, input: UninstallInput }),
]);
type BeginInput = v.InferOutput<typeof BeginInput>;

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
      const [beginner, looked] = await allEnded([asking(), look(environment, request, context)]);
      return beginStart(begun.input, looked, { ...context, operation: { ...operation(beginner), kind: begun.kind } });
    }
    if (begun.kind === 'uninstall') {
      const { kind } = begun;
      const uninstall = { ...operation(await asking()), kind };
      const { deleteKept } = begun.input;
      const network = await takeNetworkToUninstall(dynamodb, sfn, uninstall, context.now);
      return { kind, operation: uninstall, network, ...(deleteKept && { deleteKept }) };
    }
    const { kind } = begun;
    const { environment: subject, due, keep, zone, name, to, request = {} } = begun.input;
    const [beginner, recorded] = await allEnded([asking(), readEnvironment(dynamodb, subject)]);
    const entry = { ...context, operation: { ...operation(beginner), kind } };
    const existing = recorded && (await withInstance(recorded, entry));
    if (kind === 'transfer') return { kind, operation: entry.operation, ...(await beginTransfer(subject, existing, to, entry)) };
    if (!existing) throw environmentNotFound(subject);
    if (kind === 'move') return beginMove(existing, zone, entry);
    if (kind === 'restart') return beginRestart(existing, request, entry);
    if (kind === 'rename' && name !== undefined) await refuseTaken(context, { ...existing, name });
    const environment = await take(existing, entry, { due });
    if (kind === 'rename') {
      const held = await claimNameAndRecordWanted(environment, requestOf(environment), entry, { name });
      return { kind, operation: entry.operation, environment: held };
    }
    if (kind === 'stop') {
      const held = await claimNameAndRecordWanted(environment, requestOf(environment), entry);
      return { kind, operation: entry.operation, environment: held };
    }
    const days = keep ?? environment.wanted.keep ?? context.settings.keepRemoved;
    const asked = days !== false || environment.wanted.keep !== undefined ? { keep: days } : {};
    const held = await claimNameAndRecordWanted(environment, requestOf(environment), entry, asked);
    return { kind, operation: entry.operation, environment: held, ...(days !== false && { keep: { until: keptUntil(startedAt, days) } }) };
  },
});

export const handler = lambdaHandler(beginOperation);

/**
 * A start writes the environment before it reads the network again. An uninstall marks the network before it reads the environments. So at
 * least one of them sees the other.
 */
async function beginStart(
  { environment: subject, request: given, name }: StartInput,
  { instanceType, untouched, subnets, name: foundName }: Looked,
  entry: Entry,
): Promise<Begun['start']> {
  const { dynamodb, operation, settings } = entry;
  const { volumeSize, volumeType, ingressCidrs } = settings;
  const uid = randomUUID();
  // A move takes the restored disk along.
  const restored = given.restore ? ({ homeKeys: false } as const) : {};
  const request = { volumeSize, volumeType, allowCidrs: [...ingressCidrs], ...given, ...restored, instanceType: instanceType.name };
  for (;;) {
    const { installation } = await enterNetwork(subject, entry);
    const taken = await putOrTake({ ...subject, uid }, request, given, entry);
    const environment = await acceptFirstKey(taken, given, entry);
    if (environment.name === undefined) await refuseOneTooMany(environment, entry);
    const network = await readNetwork(dynamodb);
    if (network?.installation === installation && network.status !== 'deleting') {
      await reserveHours(environment, entry, given.autoStop);
      const request = withFirstKey(given, environment);
      const wanted = { ...requestOf(environment), ...request, ...restored, instanceType: instanceType.name };
      const held = await claimNameAndRecordWanted(environment, wanted, entry, { ...request, hadBefore: foundName ?? name });
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

async function beginRestart(existing: Environment, request: GivenChanges, entry: Entry): Promise<Begun['restart']> {
  const { operation } = entry;
  const looked = await lookForRestart(existing, request, entry);
  const environment = await take(existing, entry, {});
  await reserveHours(environment, entry);
  const held = await claimNameAndRecordWanted(environment, keyed({ ...requestOf(environment), ...request }, environment), entry);
  return { kind: 'restart', operation, environment: held, request, ...looked };
}

/** A move that cannot be is refused before anything changes. */
async function beginMove(existing: Environment, zone: string | undefined, entry: Entry): Promise<Begun['move']> {
  const { ec2, operation, settings } = entry;
  const [network, looked] = await allEnded([readyNetwork(entry), lookAtMove(ec2, existing, zone, settings)]);
  const { instanceType, subnets } = looked;
  const environment = await take(existing, entry, {});
  await reserveHours(environment, entry);
  const wanted = { ...keyed(requestOf(environment), environment), instanceType: instanceType.name };
  const held = await claimNameAndRecordWanted(environment, wanted, entry);
  const there = subnetFor(instanceType, subnets, network);
  const plan = { action: 'create', checkSsh: canCheckSsh(wanted.allowCidrs), nothingExists: false } as const;
  const keep = { until: keptUntil(operation.startedAt, longestKept) };
  return { kind: 'move', operation, environment: held, network, instanceType, ...there, plan, keep };
}

/**
 * Refuses a name that another environment has, or something of EC2 that is not the environment's: EC2 gives a name once.
 *
 * @throws RecodeError NameTaken, NameOwnedElsewhere
 */
async function refuseTaken({ dynamodb, ec2 }: Pick<Entry, 'dynamodb' | 'ec2'>, environment: Belonging): Promise<void> {
  const [claim, network] = await allEnded([readClaim(dynamodb, environment.name), readNetwork(dynamodb)]);
  if (claim && claim.environment !== environmentId(environment)) throw nameTaken(environment);
  const inVpc = network && 'ids' in network && network.ids ? findNamedGroup(ec2, network.ids.vpcId, environment) : undefined;
  await allEnded([inVpc, findOwnKeyPair(ec2, environment)]);
}

/** The network of a restart, and the type that the instance is to get, if that is another one. */
async function lookForRestart(existing: Environment, given: GivenChanges, entry: Entry) {
  const [network, changed] = await allEnded([readyNetwork(entry), lookAtChange(entry.ec2, existing, given, entry.settings)]);
  return { network, ...(changed && { instanceType: changed.instanceType }) };
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
 * Who has started the execution, if they may. An automatic stop needs no proof: it only stops what is due to stop.
 *
 * @throws RecodeError TeammateNotAllowed, and as `Identities` does
 */
async function beginnerOf(begun: BeginInput, identities: Identities, settings: Settings): Promise<Beginner> {
  const { executionArn, signed } = begun;
  const { proof } = begun.input;
  if (begun.kind === 'stop' && begun.input.due && !proof) return { owner: autoStopCaller };
  const starter = await identities.starterOf({ executionArn, signed, proof });
  const { owner } = starter;
  const acting = begun.kind === 'uninstall' ? 'owner' : actingAs(starter, begun.input.environment, settingsFor(begun.kind, settings));
  return { owner, ...(acting === 'administrator' && { byAdministrator: true }) };
}

/** A start with any key that the environment accepts is one with its first key, which stays. */
function withFirstKey(given: GivenRequest, { wanted }: Environment): GivenRequest {
  const { publicKey = given.publicKey } = wanted;
  return accepts(wanted, given.publicKey) ? { ...given, publicKey } : given;
}
