import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EC2Client, Instance } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { hasFailedToLaunch, observation } from '../../aws/ec2/observation.ts';
import { findInstancesAlsoEnded } from '../../aws/ec2/resources.ts';
import { startStopped } from '../../aws/ec2/start.ts';
import { readUserData, userDataFor } from '../../aws/ec2/user-data.ts';
import { unless } from '../../aws/errors.ts';
import { change } from '../../aws/records/hold/environment.ts';
import { countMissedStop } from '../../aws/records/hold/hours.ts';
import { readAcceptedKeys } from '../../aws/records/read/environment.ts';
import { dynamodb, ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { type ChangeableInstance, type Changes, decideChanges, refuseOtherKey } from '../../core/changes.ts';
import { type HeldEnvironment, KeyedEnvironment, Plan } from '../../core/document.ts';
import { bootSettings, GivenChanges, launchWishes, refuseEmptyDisk } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';
import { InstanceType } from '../../core/instance-type.ts';
import { sameKey } from '../../core/openssh-key.ts';
import { Operation } from '../../core/operation.ts';
import { canCheckSsh, decideStart, type InstanceState } from '../../core/plan.ts';
import type { Settings } from '../../core/settings.ts';

/**
 * Observes the instance and decides whether the start launches one, starts the stopped one, waits for it or does nothing, and what of an
 * existing one changes. Refuses what cannot change. Records what EC2 shows, and what was asked for before any of it is done. Starts a stopped
 * instance at once if nothing of it has to change before.
 */
export const planStart = step({
  input: v.object({
    environment: KeyedEnvironment,
    /** Missing if nothing was asked for. */
    request: v.optional(GivenChanges, {}),
    /** The type that the instance gets. Missing in a restart that changes none. */
    instanceType: v.optional(InstanceType),
    operation: Operation,
  }),
  output: Plan,
  uses: { dynamodb, ec2, settings },
  async run({ environment, request: given, instanceType, operation }, { dynamodb, ec2, settings, clock }) {
    const { repository, recorded } = environment;
    const [instances, userDataCurrent] = await Promise.all([
      findInstancesAlsoEnded(ec2, environment, recorded.instanceId ?? undefined),
      isUserDataCurrent(dynamodb, ec2, environment, settings),
    ]);
    const plan = decideStart(
      instances.flatMap(({ InstanceId, State }) =>
        InstanceId && State?.Name ? [{ instanceId: InstanceId, state: State.Name as InstanceState }] : [],
      ),
    );
    if (plan.action === 'undecided') throw new RecodeError('InstanceStillStopping', `The instance ${plan.instanceId} is still stopping.`);
    const found = instances.find(({ InstanceId }) => 'instanceId' in plan && InstanceId === plan.instanceId);
    const neverRan = recorded.status === 'starting' && recorded.instanceId !== null && hasFailedToLaunch(instances, recorded.instanceId);
    if (!found && !neverRan && recorded.instanceId !== null) refuseEmptyDisk(repository, recorded.instanceId, environment.request);
    if (found) refuseOtherKey(repository, recorded.request, given);
    const changes = found && decideChanges(repository, recorded, given, changeable(found), instanceType);
    const { publicKey, ...options } = environment.request;
    const { allowCidrs } = options;
    // The keys may have changed since the operation began.
    const before = recorded.request.publicKey;
    const replaced = before !== undefined && sameKey(publicKey, before) ? {} : { publicKey };
    const asked = changes ? { allowCidrs, ...changes.wanted } : { ...options, ...replaced };
    const wanted = Object.fromEntries(Object.entries(asked).map(([name, value]) => [`wanted.${name}`, value]));
    const seen = observation(
      instances,
      recorded.instanceId === null ? undefined : { gone: recorded.status === 'gone', neverRan },
      new Date(clock.now()).toISOString(),
    );
    const changing = changes && (changes.volume || changes.type) ? { changing: true } : {};
    const { set, remove = [] } = seen;
    await change(dynamodb, environment, operation, {
      set: { ...set, ...wanted, ...changing },
      // What was agreed to for a launch counts for no later one.
      remove: found ? [...remove, ...launchWishes(recorded.request)] : remove,
    });
    if (found && plan.action === 'start') {
      const moment = { now: clock.now(), limit: settings.hoursPerOwner };
      await countMissedStop(dynamodb, environment, found, recorded.ranAt, moment);
    }
    const checkSsh = canCheckSsh(allowCidrs);
    if (!found || !changes || plan.action !== 'start') return { ...plan, checkSsh, ...(found && changes && changesToDo(changes, found)) };
    // Somebody may have replaced the recorded instance by another one.
    const prepared = plan.instanceId === recorded.instanceId && userDataCurrent;
    const toDo = changesToDo(changes, found);
    if (!prepared || toDo.volumeId || toDo.typeChange) return { ...plan, checkSsh, userDataCurrent: prepared, ...toDo };
    await startStopped(ec2, plan);
    return { ...plan, checkSsh, userDataCurrent: prepared, started: true as const };
  },
});

export const handler = lambdaHandler(planStart);

function changeable({ InstanceType: instanceType, Architecture, Placement, State, EnaSupport, BootMode }: Instance): ChangeableInstance {
  return {
    instanceType: instanceType ?? '',
    architecture: Architecture === 'arm64' ? 'arm64' : 'x86_64',
    zone: Placement?.AvailabilityZone ?? '',
    stopped: State?.Name === 'stopped',
    ena: EnaSupport === true,
    bootMode: BootMode === 'uefi-preferred' ? undefined : BootMode,
  };
}

/** The changes as the plan has them. */
function changesToDo({ volume, type }: Changes, { InstanceId, RootDeviceName, BlockDeviceMappings = [] }: Instance) {
  const volumeId = BlockDeviceMappings.find(({ DeviceName }) => DeviceName === RootDeviceName)?.Ebs?.VolumeId;
  if (volume && volumeId === undefined) throw new RecodeError('ResourceDiffers', `The instance ${InstanceId} has no root volume.`);
  return { ...(volume && { volumeId }), ...(type && { typeChange: type }) };
}

/**
 * Whether the recorded instance has the user data that its next boot needs. EC2 is asked together with the look for the instance, so that a
 * stopped one can be started without another step. False if that cannot be told: EnsureUserData then does what is missing.
 */
async function isUserDataCurrent(
  dynamodb: DynamoDBClient,
  ec2: EC2Client,
  environment: HeldEnvironment,
  settings: Settings,
): Promise<boolean> {
  const { instanceId } = environment.recorded;
  if (instanceId === null) return false;
  const [publicKeys, present] = await Promise.all([
    readAcceptedKeys(dynamodb, environment),
    // EC2 answers "unauthorized" of an instance that is gone: it has no tag to permit it.
    unless(['not-found', 'unauthorized'], readUserData(ec2, instanceId)),
  ]);
  return present !== undefined && present === userDataFor(present, { publicKeys, ...bootSettings(environment, settings) });
}
