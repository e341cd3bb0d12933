import { type Command, Option } from 'commander';
import { RecodeError } from '../../../core/errors.ts';
import { isOwner } from '../../../core/owner.ts';
import type { AccountOptions } from '../../account.ts';
import type { EnvironmentTarget } from '../../environment.ts';
import { parseRegion } from '../../region.ts';
import { settingNotValid } from '../../setting-not-valid.ts';
import type { ConnectionTarget } from '../../started-environment.ts';

/** Options that several commands take, as commander hands them over. */
export interface AccountFlags {
  readonly profile?: string;
  readonly region?: string;
  readonly local?: boolean;
}

export interface EnvironmentFlags extends AccountFlags {
  readonly owner?: string;
}

export interface OperationFlags extends EnvironmentFlags {
  readonly force?: boolean;
  /** False with --no-wait. */
  readonly wait: boolean;
}

export interface ConnectionFlags extends EnvironmentFlags {
  readonly start?: boolean;
}

/** What an operation on an environment was asked to do. */
export interface OperationRequest extends EnvironmentTarget {
  /** Not to ask whether it is meant. */
  readonly force: boolean;
  readonly wait: boolean;
}

/** The argument of every command about one environment. */
export const repositoryArgument = ['<repository>', 'GitHub repository: owner/name, a URL, or just the name if it is yours'] as const;

/**
 * Adds --profile, --region and --local: which account to work in. `recode` itself reads them, wherever they stand; a command that takes
 * them has them for its help.
 */
export function addAccountOptions(command: Command): Command {
  return command
    .option('--profile <name>', 'use this profile of the AWS CLI')
    .option('--region <region>', 'use this AWS region')
    .addOption(new Option('--local', 'use the embedded AWS on this machine; also RECODE_LOCAL=1').conflicts('profile'));
}

/** Adds --owner, and whether to ask and to wait: what the operations on an environment share. */
export function addOperationOptions(command: Command, asked: string): Command {
  return command
    .option('--owner <owner>', "act on a teammate's environment")
    .option('--force', `do not ask for confirmation ${asked}`)
    .option('--no-wait', 'return immediately; "recode aws follow" shows the progress');
}

/** Adds --start, --owner and the account options: what the commands share that connect to an environment. */
export function addConnectionOptions(command: Command): Command {
  command
    .addOption(new Option('--start', 'start the environment if it is stopped, without asking'))
    .addOption(new Option('--no-start', 'fail if the environment is stopped'))
    .option('--owner <owner>', "connect to a teammate's environment, with a copy of its key");
  return addAccountOptions(command);
}

/** Reads an option that can be repeated. */
export const collect = (value: string, before: readonly string[] = []) => [...before, value];

export const jsonOption = ['--json', 'print the result as JSON and progress to stderr'] as const;

/** Reads a variable that turns something on or off. Any other text is refused: a guess could lead to the wrong account. */
function parseSwitch(text: string, source: string): boolean {
  if (/^(1|true)$/i.test(text)) return true;
  if (/^(0|false|)$/i.test(text)) return false;
  throw settingNotValid(source, text, 'Use 1 or 0.');
}

/** Reads which account was asked for. Throws RecodeError UsageNotValid, SettingNotValid. */
export function parseAccount({ profile, region, local: given }: AccountFlags, variables: NodeJS.ProcessEnv): AccountOptions {
  const local = given ?? parseSwitch(variables.RECODE_LOCAL ?? '', 'RECODE_LOCAL');
  if (local && profile !== undefined) {
    throw new RecodeError(
      'UsageNotValid',
      '--profile cannot be used with the embedded AWS, which RECODE_LOCAL=1 selects. Unset RECODE_LOCAL or leave --profile out.',
    );
  }
  return { local, ...(profile !== undefined && { profile }), ...(region !== undefined && { region: parseRegion(region) }) };
}

/** Reads which environment was asked for. Throws RecodeError UsageNotValid. */
export function parseTarget(repository: string, flags: EnvironmentFlags, variables: NodeJS.ProcessEnv): EnvironmentTarget {
  const { owner } = flags;
  if (owner !== undefined && !isOwner(owner)) {
    throw new RecodeError('UsageNotValid', `Invalid --owner '${owner}'. Use 1 to 128 letters, digits and + = , . _ @ -.`);
  }
  return { repository, account: parseAccount(flags, variables), ...(owner !== undefined && { owner }) };
}

/** Reads which environment to connect to. Throws RecodeError UsageNotValid. */
export function parseConnection(repository: string, flags: ConnectionFlags, variables: NodeJS.ProcessEnv): ConnectionTarget {
  return { ...parseTarget(repository, flags, variables), start: flags.start };
}

/** Reads what an operation was asked to do. Throws RecodeError UsageNotValid. */
export function parseOperation(repository: string, flags: OperationFlags, variables: NodeJS.ProcessEnv): OperationRequest {
  return { ...parseTarget(repository, flags, variables), force: flags.force ?? false, wait: flags.wait };
}
