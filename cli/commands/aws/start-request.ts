import { canonicalCidr } from '../../../core/cidr.ts';
import { type GivenRequest, volumeSizes } from '../../../core/environment.ts';
import { RecodeError } from '../../../core/errors.ts';
import { parseRepository } from '../../../core/repository.ts';
import type { AccountOptions } from '../../account.ts';
import { parseRegion } from '../../region.ts';

/** What a person asked for; options that were not given are absent, their defaults are the control plane's. */
export interface StartRequest {
  readonly repository: string;
  readonly account: AccountOptions;
  readonly request: Omit<GivenRequest, 'publicKey'>;
}

/** The options as commander hands them over. */
export interface StartOptions {
  readonly instanceType?: string;
  readonly volumeSize?: string;
  readonly volumeType?: 'gp2' | 'gp3';
  readonly allowCidr?: readonly string[];
  readonly profile?: string;
  readonly region?: string;
  readonly local?: boolean;
}

/**
 * Reads what was typed, before anything is asked of the network.
 *
 * @throws RecodeError RepositoryNotValid, InstanceTypeNotFound, VolumeSizeNotValid, CidrNotValid, UsageNotValid
 */
export function parseStart(repository: string, options: StartOptions, environment: NodeJS.ProcessEnv): StartRequest {
  const { instanceType, volumeSize, volumeType, allowCidr, profile, region } = options;
  const local = options.local ?? ['1', 'true'].includes(environment.RECODE_LOCAL ?? '');
  if (local && profile !== undefined) {
    throw new RecodeError('UsageNotValid', 'A --profile belongs to AWS, but RECODE_LOCAL=1 chooses the embedded AWS. Unset one of them.');
  }
  return {
    repository: parseRepository(repository),
    account: { local, ...(profile !== undefined && { profile }), ...(region !== undefined && { region: parseRegion(region) }) },
    request: {
      ...(instanceType !== undefined && { instanceType: parseInstanceType(instanceType) }),
      ...(volumeSize !== undefined && { volumeSize: parseVolumeSize(volumeSize) }),
      ...(volumeType !== undefined && { volumeType }),
      ...(allowCidr !== undefined && { allowCidrs: parseCidrs(allowCidr) }),
    },
  };
}

function parseInstanceType(text: string): string {
  if (/^[a-z0-9-]+\.[a-z0-9-]+$/.test(text)) return text;
  throw new RecodeError('InstanceTypeNotFound', `"${text}" is not the name of an instance type, such as t2.medium.`);
}

function parseVolumeSize(text: string): number {
  const { smallest, largest } = volumeSizes;
  const size = Number(text);
  if (/^\d+$/.test(text) && size >= smallest && size <= largest) return size;
  throw new RecodeError('VolumeSizeNotValid', `--volume-size takes a whole number of GiB from ${smallest} to ${largest}, not "${text}".`);
}

function parseCidrs(blocks: readonly string[]): string[] {
  const canonical = blocks.map((block) => {
    const read = canonicalCidr(block);
    if (read === undefined) throw new RecodeError('CidrNotValid', `--allow-cidr takes IPv4 blocks, and "${block}" is none.`);
    return read;
  });
  return [...new Set(canonical)];
}
