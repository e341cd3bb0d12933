import { isIPv4 } from 'node:net';
import { type AutoStop, parseAutoStop } from '../../../../core/auto-stop.ts';
import { canonicalCidr } from '../../../../core/cidr.ts';
import { EnvironmentRequest, type GivenRequest, mostCidrs, volumeSizes } from '../../../../core/environment.ts';
import { RecodeError } from '../../../../core/errors.ts';
import { parseIdleStop } from '../../../../core/idle-stop.ts';
import { parseRepository } from '../../../../core/repository.ts';
import { hostsOf } from '../../../github/hosts.ts';
import { parseInstanceType } from '../../../instance-type.ts';
import { oneOf } from '../../../one-of.ts';
import { zoneOfThisMachine } from '../../../time-zone.ts';
import { parseWorkspace, type WorkspaceFlags } from '../../../workspace/flags.ts';
import type { WorkspaceRequest } from '../../../workspace/request.ts';
import { type OperationFlags, type OperationRequest, parseOperation } from '../options.ts';

/** What a person asked for; options that were not given are absent, their defaults are the control plane's. */
export interface StartRequest extends OperationRequest {
  readonly request: Omit<GivenRequest, 'publicKey'>;
  /** Whether this machine's own address may reach SSH, besides the blocks of the request: `--allow-cidr mine`. */
  readonly allowMine: boolean;
  /** Whether to open it in the editor of the setting, where there is one. */
  readonly open: boolean;
  readonly workspace: WorkspaceRequest;
  /** Whether an instance with an empty disk may take the place of one that is gone. */
  readonly newInstance: boolean;
  /** Whether it is a restore of the disk that was kept. */
  readonly restore?: true;
}

/** The options as commander hands them over. */
export interface StartFlags extends OperationFlags, WorkspaceFlags {
  readonly instanceType?: string;
  readonly volumeSize?: string;
  readonly volumeType?: string;
  readonly allowCidr?: readonly string[];
  readonly autoStop?: string;
  readonly timeZone?: string;
  readonly idleStop?: string;
  readonly newInstance?: boolean;
  /** False with --no-open. */
  readonly open: boolean;
}

const mine = 'mine';
const volumeTypes = EnvironmentRequest.entries.volumeType.options;

/**
 * Reads what was typed, before anything is asked of the network.
 *
 * @throws RecodeError InstanceTypeNotValid, VolumeSizeNotValid, CidrNotValid, AutoStopNotValid, IdleStopNotValid, UsageNotValid, SettingNotValid
 */
export function parseStart(repository: string, flags: StartFlags, variables: NodeJS.ProcessEnv): StartRequest {
  const { instanceType, volumeSize, volumeType, allowCidr, idleStop } = flags;
  const autoStop = parseWhen(flags);
  // Unlike other commands, a start cannot mean what only a record is called.
  parseRepository(repository, hostsOf(variables));
  return {
    ...parseOperation(repository, flags, variables),
    allowMine: allowCidr?.includes(mine) ?? false,
    open: flags.open,
    newInstance: flags.newInstance ?? false,
    workspace: parseWorkspace(flags, variables),
    request: {
      ...(instanceType !== undefined && { instanceType: parseInstanceType(instanceType, '--instance-type') }),
      ...(volumeSize !== undefined && { volumeSize: parseVolumeSize(volumeSize) }),
      ...(volumeType !== undefined && { volumeType: oneOf(volumeTypes, volumeType, '--volume-type') }),
      ...(allowCidr !== undefined && { allowCidrs: parseCidrs(allowCidr) }),
      ...(autoStop !== undefined && { autoStop }),
      ...(idleStop !== undefined && { idleStop: parseIdleStop(idleStop) }),
    },
  };
}

function parseVolumeSize(text: string): number {
  const { smallest, largest } = volumeSizes;
  const size = Number(text);
  if (/^\d+$/.test(text) && size >= smallest && size <= largest) return size;
  throw new RecodeError('VolumeSizeNotValid', `Invalid --volume-size '${text}'. Use a whole number of GiB from ${smallest} to ${largest}.`);
}

function parseCidrs(given: readonly string[]): string[] {
  const canonical = given.flatMap((block) => {
    if (block === mine) return [];
    const read = canonicalCidr(block);
    if (read === undefined) throw new RecodeError('CidrNotValid', `Invalid --allow-cidr '${block}'. ${adviceFor(block)}`);
    return read;
  });
  const blocks = [...new Set(canonical)];
  if (blocks.length + (given.includes(mine) ? 1 : 0) <= mostCidrs) return blocks;
  throw new RecodeError('UsageNotValid', `Too many --allow-cidr. A security group takes ${mostCidrs} blocks.`);
}

/** An address alone can mean itself or a network: 10.0.0.0/32 would let nobody in. */
function adviceFor(block: string): string {
  if (!isIPv4(block)) return 'Use an IPv4 block, for example 203.0.113.0/24.';
  return `Use ${block}/32 for this address, or a shorter prefix for a network, for example ${canonicalCidr(`${block}/24`)}.`;
}

function parseWhen({ autoStop: when, timeZone }: Pick<StartFlags, 'autoStop' | 'timeZone'>): AutoStop | undefined {
  if (when === undefined) {
    if (timeZone === undefined) return undefined;
    throw new RecodeError('UsageNotValid', '--time-zone needs --auto-stop with a time, for example --auto-stop 20:00.');
  }
  const autoStop = parseAutoStop(when, timeZone ?? zoneOfThisMachine(when));
  if (timeZone === undefined || (autoStop.kind === 'daily' && autoStop.timeZone === timeZone)) return autoStop;
  throw new RecodeError(
    'UsageNotValid',
    `--time-zone cannot be used with --auto-stop ${when}. It needs a time, for example --auto-stop 20:00.`,
  );
}
