import type { Environment, EnvironmentRequest, GivenChanges } from './environment.ts';
import { RecodeError } from './errors.ts';
import type { InstanceType } from './instance-type.ts';
import { accepts, type Keys } from './keys.ts';

/** An instance as EC2 shows it, as far as it decides what can change. */
export interface ChangeableInstance {
  readonly instanceType: string;
  readonly architecture: InstanceType['architecture'];
  readonly zone: string;
  /** Whether it is stopped, or else runs or is about to. */
  readonly stopped: boolean;
  /** Whether its image has the driver of the Elastic Network Adapter. */
  readonly ena: boolean;
  /** The boot mode that its image requires; undefined if it boots with any. */
  readonly bootMode?: 'legacy-bios' | 'uefi' | undefined;
}

/** What of an existing instance has to change to be what is wanted. */
export interface Changes {
  /** Whether the volume may have to change. Only EC2 knows what it is. */
  readonly volume: boolean;
  readonly type?: { readonly from: string; readonly to: string };
  /** What is wanted by then. */
  readonly wanted: Partial<Pick<EnvironmentRequest, 'instanceType' | 'volumeSize' | 'volumeType'>>;
}

/** What the record of an environment says, and whether an earlier change of it may be unfinished. */
interface Recorded {
  readonly request: EnvironmentRequest;
  readonly changing?: boolean | undefined;
}

/**
 * Refuses a start of an existing instance that its record already shows to be impossible, before the environment is taken.
 *
 * @throws RecodeError PrivateKeyNotHere, VolumeCannotShrink, InstanceNotStopped
 */
export function refuseByRecord({ repository, wanted, observed, changing }: Environment, given: GivenChanges): void {
  refuseOtherKey(repository, wanted, given);
  refuseSmaller(repository, { request: wanted, changing }, given);
  const { instanceType: to } = given;
  const runs = observed?.state === 'running' || observed?.state === 'pending';
  if (runs && to !== undefined && to !== observed.instanceType) throw notStopped(repository, observed.instanceType, to);
}

/** Refuses a start with a key that an existing instance does not accept, unless it accepts none yet. Throws RecodeError PrivateKeyNotHere. */
export function refuseOtherKey(repository: string, keys: Keys, { publicKey }: GivenChanges): void {
  if (publicKey === undefined || keys.publicKey === undefined || accepts(keys, publicKey)) return;
  throw new RecodeError('PrivateKeyNotHere', `${repository} does not accept this machine's SSH key.`);
}

/**
 * Decides what of an existing instance changes: what is given now, or what an earlier start was given and may not have finished. If the
 * instance runs by now, the unfinished change of its type is dropped.
 *
 * @param type what is known of the type that is given, or that an earlier start was given
 * @throws RecodeError VolumeCannotShrink, InstanceNotStopped, and those of `refuseUnfitting`
 */
export function decideChanges(
  repository: string,
  recorded: Recorded,
  given: GivenChanges,
  instance: ChangeableInstance,
  type: InstanceType | undefined,
): Changes {
  refuseSmaller(repository, recorded, given);
  const { instanceType: _, volumeSize = recorded.request.volumeSize, volumeType = recorded.request.volumeType } = given;
  const grows = volumeSize !== recorded.request.volumeSize || volumeType !== recorded.request.volumeType;
  const volume = { volume: grows || recorded.changing === true, wanted: grows ? { volumeSize, volumeType } : {} };
  const to = given.instanceType ?? (recorded.changing ? recorded.request.instanceType : undefined);
  if (to === undefined) return volume;
  const { instanceType: from, stopped } = instance;
  if (to === from) return { ...volume, wanted: { ...volume.wanted, instanceType: to } };
  if (!stopped && given.instanceType === undefined) return { ...volume, wanted: { ...volume.wanted, instanceType: from } };
  if (!stopped) throw notStopped(repository, from, to);
  if (type?.name === to) refuseUnfitting(repository, instance, type);
  return { volume: volume.volume, type: { from, to }, wanted: { ...volume.wanted, instanceType: to } };
}

/**
 * Refuses a type that an existing instance cannot become.
 *
 * @throws RecodeError ArchitectureDiffers, InstanceTypeNotFound if its zone does not offer the type, InstanceTypeNotSupported
 */
export function refuseUnfitting(
  repository: string,
  { instanceType, architecture, zone, ena, bootMode }: ChangeableInstance,
  type: InstanceType,
): void {
  refuseOtherArchitecture(repository, { instanceType, architecture }, type);
  if (!type.zones.includes(zone)) {
    throw new RecodeError('InstanceTypeNotFound', `${type.name} is not available in ${zone}, where the disk of ${repository} is.`);
  }
  // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resize-limitations.html
  const problem =
    type.nitro && !ena
      ? 'its image does not support the Elastic Network Adapter (ENA), which this type requires'
      : bootMode !== undefined && !type.bootModes.includes(bootMode)
        ? `its image boots with ${bootMode} only, which this type does not support`
        : undefined;
  if (problem) throw new RecodeError('InstanceTypeNotSupported', `${repository} cannot become a ${type.name}: ${problem}.`);
}

/** Refuses a type for which the disk of an existing instance was not made. Throws RecodeError ArchitectureDiffers. */
export function refuseOtherArchitecture(
  repository: string,
  { instanceType, architecture }: Pick<ChangeableInstance, 'instanceType' | 'architecture'>,
  type: InstanceType,
): void {
  if (architecture === type.architecture) return;
  const [has, needs] = [wordFor[architecture], wordFor[type.architecture]];
  throw new RecodeError('ArchitectureDiffers', `${repository} is a ${instanceType} with ${has}. ${type.name} has ${needs}.`);
}

const wordFor = { x86_64: 'amd64', arm64: 'arm64' } as const;

/** The refusal of a volume that would become smaller. EC2 can only grow one. */
export const volumeCannotShrink = (repository: string, has: number, given: number): RecodeError =>
  new RecodeError('VolumeCannotShrink', `The volume of ${repository} has ${has} GiB. It cannot shrink to ${given} GiB.`);

/** After an unfinished change, only EC2 knows how large the volume is. */
function refuseSmaller(repository: string, { request, changing }: Recorded, { volumeSize }: GivenChanges): void {
  if (!changing && volumeSize !== undefined && volumeSize < request.volumeSize)
    throw volumeCannotShrink(repository, request.volumeSize, volumeSize);
}

/** The refusal of another type while the instance runs. */
export const notStopped = (repository: string, from: string, to: string): RecodeError =>
  new RecodeError('InstanceNotStopped', `${repository} runs as a ${from}. It can become a ${to} only while it is stopped.`);
