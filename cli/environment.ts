import { type EnvironmentSubject, readEnvironment, readEnvironments } from '../aws/records/read/environment.ts';
import { ifInstalled } from '../aws/records/read/table.ts';
import type { Environment } from '../core/environment.ts';
import { RecodeError } from '../core/errors.ts';
import { policies } from '../core/names.ts';
import type { EnvironmentOperationKind } from '../core/operations.ts';
import { type Account, type AccountOptions, openAccountWithProgress } from './account.ts';
import { accountFlags } from './account-flags.ts';
import { type Clients, clientsOf } from './clients.ts';
import { rememberEnvironments } from './completion/known-environments.ts';
import { orNotAllowed } from './execution/allowed.ts';
import type { FollowView } from './execution/follow-view.ts';
import { type EnvironmentFolder, environmentFolder } from './files/environment-folder.ts';
import { readRepository, resolveRepository } from './repository.ts';
import { shellQuote } from './shell-quote.ts';

/** Which environment a command is about; the caller's own if no owner is given. */
export interface EnvironmentTarget {
  /** As it was typed: it may leave out the GitHub account. */
  readonly repository: string;
  readonly owner?: string;
  readonly account: AccountOptions;
}

/** An environment in an account, for a command to work on; it need not exist. */
export interface OpenedEnvironment {
  readonly account: Account;
  readonly clients: Clients;
  readonly subject: EnvironmentSubject;
  /** Whether it is the caller's own. */
  readonly own: boolean;
  /** Its files on this machine. */
  readonly files: EnvironmentFolder;
}

/**
 * Opens the account that an environment is in, and finds out which owner and repository are meant.
 *
 * @throws RecodeError those of cli/account.ts and cli/repository.ts
 */
export async function openEnvironment(target: EnvironmentTarget, view: FollowView): Promise<OpenedEnvironment> {
  const typed = readRepository(target.repository, process.env);
  const account = await openAccountWithProgress(target.account, view);
  const clients = clientsOf(account);
  const owner = target.owner ?? account.owner;
  const recorded = async () => {
    const read = await ifInstalled(orNotAllowed(account, policies.user, readEnvironments(clients.dynamodb, owner)));
    await rememberEnvironments(account, read?.items ?? [], owner);
    return read?.items ?? [];
  };
  const teammate = owner === account.owner ? undefined : owner;
  const repository = await resolveRepository(typed, recorded, process.env, teammate);
  return {
    account,
    clients,
    subject: { owner, repository },
    own: owner === account.owner,
    files: environmentFolder({ ...account, owner, repository }, process.env),
  };
}

type EnvironmentCommand =
  | EnvironmentOperationKind
  | 'extend'
  | 'follow'
  | 'retry'
  | 'status'
  | 'open'
  | 'run-hooks'
  | 'keys sync'
  | 'restore';

/** A command about an environment for a person to type: `recode aws follow acme/api --owner alice`. `more` stands behind the repository. */
export function environmentCommand(environment: OpenedEnvironment, command: EnvironmentCommand, more: readonly string[] = []): string {
  return ['recode', ...environmentArguments(environment, command, more)].map(shellQuote).join(' ');
}

/** What to type after `recode` for a command about an environment. */
export function environmentArguments(
  { account, own, subject }: OpenedEnvironment,
  command: EnvironmentCommand,
  more: readonly string[] = [],
): string[] {
  const { repository, owner } = subject;
  return ['aws', ...command.split(' '), repository, ...more, ...(own ? [] : ['--owner', owner]), ...accountFlags(account.options)];
}

/** The record of an environment; undefined if it or the table does not exist. Throws RecodeError CallerNotAllowed. */
export function findRecord({ clients, account, subject }: OpenedEnvironment): Promise<Environment | undefined> {
  return ifInstalled(orNotAllowed(account, policies.user, readEnvironment(clients.dynamodb, subject)));
}

/** The record of an environment that has to be there. Throws RecodeError EnvironmentNotFound, RecodeNotInstalled, CallerNotAllowed. */
export async function requireRecord({ clients, account, subject }: OpenedEnvironment): Promise<Environment> {
  const record = await orNotAllowed(account, policies.user, readEnvironment(clients.dynamodb, subject));
  if (record) return record;
  throw new RecodeError('EnvironmentNotFound', `${subject.owner} has no environment for ${subject.repository} in ${account.region}.`);
}
