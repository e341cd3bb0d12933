import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { RecodeError } from '../../core/errors.ts';
import type { Account, AccountOptions } from '../account.ts';
import { replaceFile } from '../files/replace-file.ts';
import { cacheFolder, pathsOf, thisSystem } from '../home.ts';

/** An environment that a command has read of. */
export interface KnownEnvironment {
  readonly owner: string;
  readonly repository: string;
}

/** What completion knows of an account and region: what the last command has read of it there. */
export interface Known {
  /** Whose environments commands are about without --owner. */
  readonly owner: string;
  readonly environments: readonly KnownEnvironment[];
}

/**
 * What completion knows of the account and region that these options lead to; nothing where no command has read of it.
 *
 * @throws RecodeError where the files do not say which account that is
 */
export async function readKnown(options: AccountOptions, variables: NodeJS.ProcessEnv): Promise<Known | undefined> {
  try {
    const known = JSON.parse(readFileSync(await fileOf(options, variables), 'utf8')) as Partial<Known> | null;
    return typeof known?.owner === 'string' && Array.isArray(known.environments) ? (known as Known) : undefined;
  } catch (error) {
    // Nobody misses a file that a command writes again.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code !== undefined) return undefined;
    throw error;
  }
}

/**
 * Keeps what a command has read of an account for completion.
 *
 * @param owner whose environments these are; everyone's if absent
 */
export function rememberEnvironments(account: Account, environments: readonly KnownEnvironment[], owner?: string): Promise<void> {
  const read = environments.map(({ owner, repository }) => ({ owner, repository }));
  return keep(account, (before) => [...(owner === undefined ? [] : before.filter((one) => one.owner !== owner)), ...read]);
}

/** Adds an environment to what completion knows. */
export function rememberEnvironment(account: Account, { owner, repository }: KnownEnvironment): Promise<void> {
  return keep(account, (before) => [...without(before, { owner, repository }), { owner, repository }]);
}

/** Takes an environment from what completion knows. */
export function forgetEnvironment(account: Account, environment: KnownEnvironment): Promise<void> {
  return keep(account, (before) => without(before, environment));
}

const without = (environments: readonly KnownEnvironment[], { owner, repository }: KnownEnvironment) =>
  environments.filter((one) => one.owner !== owner || one.repository.toLowerCase() !== repository.toLowerCase());

/** Whether it can be kept does not matter to the command. */
async function keep(
  { options, owner }: Account,
  change: (before: readonly KnownEnvironment[]) => readonly KnownEnvironment[],
): Promise<void> {
  try {
    const before = (await readKnown(options, process.env))?.environments ?? [];
    replaceFile(await fileOf(options, process.env), JSON.stringify({ owner, environments: change(before) }));
  } catch (error) {
    if (!(error instanceof RecodeError)) throw error;
  }
}

/** A file for each account and region, as far as this machine knows which one is meant without asking AWS. */
async function fileOf(options: AccountOptions, variables: NodeJS.ProcessEnv): Promise<string> {
  const place = options.local ? await localPlace() : await awsPlace(options, variables);
  const name = createHash('sha256').update(JSON.stringify(place)).digest('hex').slice(0, 16);
  return pathsOf(thisSystem.platform).join(cacheFolder(variables), 'recode', 'environments', `${name}.json`);
}

async function localPlace(): Promise<readonly string[]> {
  const { embeddedAwsDirectory } = await import('../embedded-aws.ts');
  return ['local', await embeddedAwsDirectory()];
}

/** Of keys in environment variables only what is no secret. */
async function awsPlace({ profile: option, region }: AccountOptions, variables: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const [{ chooseProfile }, { readSharedFiles }, { configuredRegion }, { readUserSettings }] = await Promise.all([
    import('../identity/decide.ts'),
    import('../identity/files.ts'),
    import('../identity/settings.ts'),
    import('../settings/user-settings.ts'),
  ]);
  const [files, settings] = [await readSharedFiles(variables), readUserSettings(variables)];
  const profile = chooseProfile(option, variables, files, settings);
  const { AWS_ACCESS_KEY_ID: key = '', AWS_ENDPOINT_URL: endpoint = '', AWS_CONFIG_FILE: config = '' } = variables;
  const identity =
    profile.from === 'option' || key === '' ? ['profile', profile.name, config, variables.AWS_SHARED_CREDENTIALS_FILE ?? ''] : ['key', key];
  return [...identity, region ?? configuredRegion(profile.name, files, variables, settings) ?? '', endpoint, variables.RECODE_OWNER ?? ''];
}
