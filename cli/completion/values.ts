import { readdirSync } from 'node:fs';
import { EnvironmentRequest } from '../../core/environment.ts';
import { catalog } from '../../core/errors.ts';
import { parseAccount } from '../commands/aws/options.ts';
import { latencies } from '../commands/local/latency.ts';
import { editors } from '../editor.ts';
import { explanations } from '../explanations.ts';
import { gitProtocols } from '../git-protocol.ts';
import { readSharedFiles } from '../identity/files.ts';
import { consoleFields, environmentFields, idleFields, logFields, statusFields } from '../json/fields.ts';
import { settingNames, settingRows } from '../settings/rows.ts';
import { hookNames } from '../workspace/hook-names.ts';
import type { Candidate, Completion, ValuePlace } from './complete.ts';
import { type Known, readKnown } from './known-environments.ts';
import { knownRegions } from './regions.ts';
import { shells } from './scripts.ts';

type Values = readonly Candidate[] | 'files';
type Source = (place: ValuePlace, variables: NodeJS.ProcessEnv) => Values | Promise<Values>;

const words = (values: readonly string[]) => values.map((value) => ({ value }));

/** What can be completed: the values of options and of arguments, by their names. All others are for people to know. */
export const sources: Readonly<Record<string, Source | 'files'>> = {
  '--profile': async (_, variables) => words([...(await readSharedFiles(variables)).profiles.keys()]),
  '--region': () => Object.entries(knownRegions).map(([value, description]) => ({ value, description })),
  '--volume-type': () => words(EnvironmentRequest.entries.volumeType.options),
  '--allow-cidr': () => [{ value: 'mine', description: 'the public address of this machine' }],
  '--auto-stop': () => [{ value: 'never', description: 'do not stop it automatically' }],
  '--idle-stop': () => [{ value: 'off', description: 'do not stop it while nobody uses it' }],
  '--time-zone': () => words(Intl.supportedValuesOf('timeZone')),
  '--address': () => [
    { value: '127.0.0.1', description: 'only this machine' },
    { value: '0.0.0.0', description: 'all networks of this machine' },
  ],
  '--ssh-config': 'files',
  '--public-key': 'files',
  path: pathsFor,
  '--editor': () => words(editors),
  '--git-protocol': () => words(gitProtocols),
  '--latency': () => words(latencies),
  '--json': ({ command, options, typed }) => fieldsAfter(typed, fieldsOf(command.name(), options)),
  '--owner': async (place, variables) => words(await owners(place, variables)),
  '--to': async (place, variables) => words(await owners(place, variables)),
  repository: async (place, variables) => words(await repositories(place, variables)),
  setting: () => settingNames.map((name) => ({ value: name, description: settingRows[name].summary })),
  value: (place, variables) => {
    const name = settingNames.find((known) => known === place.before[0]);
    const source = name && sources[settingRows[name].option];
    return source && source !== 'files' ? source(place, variables) : [];
  },
  hook: () => words(hookNames),
  shell: () => words(shells),
  // Of "recode aws explain".
  name: () => Object.keys(catalog).map((name) => ({ value: name, description: explanations[name as keyof typeof catalog].title })),
};

/** The values that can stand at a place. A name that nobody could type is none of them; fish would take a tilde for a home folder. */
export async function valuesFor(place: ValuePlace, variables: NodeJS.ProcessEnv): Promise<Completion> {
  const source = sources[place.name];
  const values = source === 'files' ? source : ((await source?.(place, variables)) ?? []);
  if (values === 'files') return undefined;
  return values.filter(({ value }) => !/^~|[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(value));
}

async function owners(place: ValuePlace, variables: NodeJS.ProcessEnv): Promise<readonly string[]> {
  return unique(((await known(place, variables))?.environments ?? []).map(({ owner }) => owner));
}

async function repositories(place: ValuePlace, variables: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const { owner, environments = [] } = (await known(place, variables)) ?? {};
  const whose = place.options['--owner'] ?? owner;
  return environments.filter((one) => one.owner === whose).map(({ repository }) => repository);
}

/** The environments whose paths may be meant: `acme/api:`. Files of this machine come first, as their names cannot be known otherwise. */
async function pathsFor(place: ValuePlace, variables: NodeJS.ProcessEnv): Promise<Values> {
  const { typed } = place;
  if (typed === '' || beginsFile(typed)) return 'files';
  const meant = (await repositories(place, variables)).map((repository) => `${repository}:`);
  const starting = meant.filter((path) => path !== typed && path.startsWith(typed));
  return starting.length > 0 ? words(starting) : 'files';
}

/** Whether the path of a file or folder begins with this. */
function beginsFile(typed: string): boolean {
  const folder = /^.*\//s.exec(typed)?.[0] ?? '';
  try {
    return readdirSync(folder || '.').some((name) => (folder + name).startsWith(typed));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== undefined) return false;
    throw error;
  }
}

/** What is known of the account that the options before lead to; of the embedded AWS where nothing is and they name no account. */
async function known({ options }: ValuePlace, variables: NodeJS.ProcessEnv): Promise<Known | undefined> {
  const { '--profile': profile, '--region': region } = options;
  const local = '--local' in options;
  const account = parseAccount(
    { ...(local && { local }), ...(profile !== undefined && { profile }), ...(region !== undefined && { region }) },
    variables,
  );
  if (account.local || profile !== undefined || region !== undefined) return readKnown(account, variables);
  const read = await readKnown(account, variables);
  return read && read.environments.length > 0 ? read : ((await readKnown({ local: true }, variables)) ?? read);
}

function fieldsOf(command: string, options: ValuePlace['options']): readonly string[] {
  if (command === 'logs') return '--console' in options ? consoleFields : '--idle' in options ? idleFields : logFields;
  return command === 'status' ? statusFields : environmentFields;
}

/** The fields are parted by commas, each once. */
function fieldsAfter(typed: string, fields: readonly string[]): readonly Candidate[] {
  const before = typed.split(',').slice(0, -1);
  return words(fields.filter((field) => !before.includes(field)).map((field) => [...before, field].join(',')));
}

const unique = (values: readonly string[]) => [...new Set(values)];
