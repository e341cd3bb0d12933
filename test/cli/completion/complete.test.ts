import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Candidate, complete } from '../../../cli/completion/complete.ts';
import { knownRegions } from '../../../cli/completion/regions.ts';
import { sources, valuesFor } from '../../../cli/completion/values.ts';
import { leafCommands } from '../../../cli/help.ts';
import { createProgram } from '../../../cli/program.ts';
import { collectedOutput } from '../collect.ts';

const program = await createProgram(collectedOutput().output, '1.2.3');
const variables = { HOME: '/nowhere', RECODE_LOCAL: '0' };

/** What is offered for a line that was typed as far as its end. */
async function offered(line: string): Promise<readonly string[] | undefined> {
  const words = line.split(' ');
  const found = await complete(program, words.slice(0, -1), words.at(-1) ?? '', (place) => valuesFor(place, variables));
  return found?.map(({ value }: Candidate) => value);
}

describe('completion offers', () => {
  it.each([
    ['', ['aws', 'local', 'config', 'completion']],
    ['aws st', ['start', 'stop', 'status']],
    ['--region eu-west-1 aws st', ['start', 'stop', 'status']],
    ['help ', ['aws', 'local', 'config', 'completion', 'environment', 'exit-codes', 'formatting']],
    ['help exi', ['exit-codes']],
    ['help aws resta', ['restart']],
    ['aws help resta', ['restart']],
    ['aws start --volume-', ['--volume-size', '--volume-type']],
    ['aws start --volume-type ', ['gp2', 'gp3']],
    ['aws start --volume-type=', ['--volume-type=gp2', '--volume-type=gp3']],
    ['aws list --region eu-west-', ['eu-west-1', 'eu-west-2', 'eu-west-3']],
    ['--region=eu-west-', ['--region=eu-west-1', '--region=eu-west-2', '--region=eu-west-3']],
    ['aws start acme/api --time-zone Europe/Par', ['Europe/Paris']],
    ['aws start --instance-type ', []],
    ['aws start --all=', []],
    ['aws list --json instance', ['instanceId', 'instanceType']],
    ['aws list --json owner,own', []],
    ['aws list --json owner,instance', ['owner,instanceId', 'owner,instanceType']],
    ['aws list --json=owner,ins', ['--json=owner,instanceId', '--json=owner,instanceType']],
    ['aws list --json --al', ['--all']],
    ['aws status --json ', []],
    ['aws status --json=own', ['--json=owner']],
    ['aws logs --json=o', ['--json=owner', '--json=operations']],
    ['aws logs acme/api --console --json=o', ['--json=owner', '--json=output']],
    ['aws list --all --al', []],
    ['aws list acme', []],
    ['aws explain NoCap', ['NoCapacity', 'NoCapacityToStart']],
    ['config set git', ['git-protocol']],
    ['config set git-protocol ', ['https', 'ssh']],
    ['config set git-protocol ssh ', []],
    ['config get region ', []],
    ['local up --latency ', ['instant', 'calibrated', 'throttled']],
    ['completion ', ['bash', 'zsh', 'fish']],
    ['completion bash ', []],
    ['aws nonsense ', []],
    ['aws stop ', []],
  ])('%j: %j', async (line, expected) => {
    expect(await offered(line)).toEqual(expected);
  });

  it('files after --, which is for another program', async () => {
    expect(await offered('aws ssh acme/api -- ls ')).toBeUndefined();
  });

  it('files where they are copied or named', async () => {
    expect(await offered('aws cp ./no')).toBeUndefined();
    expect(await offered('aws cp ./notes acme/api:')).toBeUndefined();
    expect(await offered('aws config-ssh --ssh-config ')).toBeUndefined();
  });

  it('the values of each option, unless only people know them', () => {
    const free = [
      ...['--instance-type', '--volume-size', '--branch', '--depth', '--dotfiles', '--keep'],
      ...['--ssh-option', '--jq', '--count', '--zone'],
    ];
    const options = leafCommands(program).flatMap(({ options }) =>
      options.filter(({ required, optional }) => required || optional).map(({ long }) => long),
    );
    expect([...new Set(options)].filter((long) => !(long && long in sources)).sort()).toEqual(free.sort());
  });

  it('the values of each argument, unless it is a key of an environment, a port or a time', () => {
    const args = leafCommands(program).flatMap(({ registeredArguments }) => registeredArguments.map((argument) => argument.name()));
    expect([...new Set(args)].filter((name) => !(name in sources))).toEqual(['port', 'key', 'duration', 'when']);
  });
});

it('knows the regions that the AWS SDK knows', async () => {
  const core = dirname(createRequire(import.meta.url).resolve('@aws-sdk/core/package.json'));
  const file = join(core, 'dist-es/submodules/client/util-endpoints/lib/aws/partitions.js');
  expect(existsSync(file)).toBe(true);
  const { partitionsInfo } = (await import(pathToFileURL(file).href)) as {
    partitionsInfo: { partitions: { id: string; regions: Record<string, { description: string }> }[] };
  };
  const known = partitionsInfo.partitions
    .filter(({ id }) => ['aws', 'aws-cn', 'aws-us-gov'].includes(id))
    .flatMap(({ regions }) => Object.entries(regions).map(([name, { description }]) => [name, description] as const))
    .filter(([name]) => !name.endsWith('-global'));
  expect(knownRegions).toEqual(Object.fromEntries(known));
});
