import { Command, Option } from 'commander';
import { canonicalCidr } from '../../../core/cidr.ts';
import { type GivenRequest, volumeSizes } from '../../../core/document.ts';
import { RecodeError } from '../../../core/errors.ts';
import { parseRepository } from '../../../core/repository.ts';
import type { AccountOptions } from '../../account.ts';
import { examples } from '../../help.ts';
import type { Output } from '../../output.ts';

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

/** `recode aws start` */
export function startCommand(output: Output): Command {
  return new Command('start')
    .summary('Start the development environment of a repository')
    .description(
      'Start the development environment of a GitHub repository, and make it first if there is none.\n\n' +
        'It is an EC2 instance of your own, which you reach with your own ssh. Started again, it is the same one: its disk ' +
        'and its host key stay, its address may change. The start runs in AWS; interrupted here, it goes on there.',
    )
    .argument('<repository>', 'a GitHub repository, as owner/name')
    .option('--instance-type <type>', 'EC2 instance type: on demand, with EBS, amd64 or arm64 (default: t2.medium)')
    .option('--volume-size <GiB>', 'size of the root volume (default: 16)')
    .addOption(new Option('--volume-type <type>', 'type of the root volume (default: gp2)').choices(['gp2', 'gp3']))
    .option('--allow-cidr <block>', 'IPv4 block that may reach SSH; give it again for more (default: 0.0.0.0/0)', collect)
    .option('--profile <name>', 'profile of the AWS CLI to use')
    .option('--region <region>', 'AWS region')
    .addOption(new Option('--local', 'use the embedded AWS on this machine; also RECODE_LOCAL=1').conflicts('profile'))
    .option('--json', 'print the result as JSON; progress goes to stderr')
    .addHelpText(
      'after',
      examples([
        ['Try it on this machine, without an AWS account', 'recode aws start recode-sh/workspace --local'],
        ['Start an environment in your AWS account', 'recode aws start acme/api --profile team --region eu-west-1'],
        ['Choose the machine', 'recode aws start acme/api --instance-type m6g.large --volume-size 64 --volume-type gp3'],
        ['Let only your own network in', 'recode aws start acme/api --allow-cidr 203.0.113.0/24'],
        ['Connect from a script', 'eval "$(recode aws start acme/api --json | jq -r .sshCommand) uname -a"'],
      ]),
    )
    .action(async (repository: string, options: StartOptions) => {
      const request = parseStart(repository, options, process.env);
      const { runStart } = await import('./start-environment.ts');
      await runStart(request, output);
    });
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
  if (region !== undefined && !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(region)) {
    throw new RecodeError('UsageNotValid', `"${region}" is not the name of a region, such as us-east-1.`);
  }
  return {
    repository: parseRepository(repository),
    account: { local, ...(profile !== undefined && { profile }), ...(region !== undefined && { region }) },
    request: {
      ...(instanceType !== undefined && { instanceType: parseInstanceType(instanceType) }),
      ...(volumeSize !== undefined && { volumeSize: parseVolumeSize(volumeSize) }),
      ...(volumeType !== undefined && { volumeType }),
      ...(allowCidr !== undefined && { allowCidrs: parseCidrs(allowCidr) }),
    },
  };
}

const collect = (block: string, before: readonly string[] = []) => [...before, block];

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
