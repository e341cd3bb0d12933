import { RecodeError } from '../core/errors.ts';
import { parseRepository } from '../core/repository.ts';
import { hostsOf } from './github/hosts.ts';
import { findAccount } from './github.ts';
import { oneLine } from './output.ts';

/** What a record says of an environment that a person may mean. */
interface Recorded {
  readonly repository: string;
  /** Of the environment. */
  readonly name?: string | undefined;
}

/** A repository as it was typed. */
export interface TypedRepository {
  /** The name alone, or what only a record can have. */
  readonly text: string;
  /** `owner/name`, where both were typed. */
  readonly repository?: string;
  /** Why GitHub has no such repository. An older version of Recode may have recorded one. */
  readonly refusal?: RecodeError;
}

/**
 * Reads what was typed for a repository, before anything is asked of the network.
 *
 * @throws RecodeError RepositoryNotValid where not even a record can have that name
 */
export function readRepository(text: string, variables: NodeJS.ProcessEnv): TypedRepository {
  try {
    const { account, name } = parseRepository(text, hostsOf(variables));
    return { text: name, ...(account !== undefined && { repository: `${account}/${name}` }) };
  } catch (error) {
    if (!(error instanceof RecodeError) || !/^[^/\s]+\/[^/\s]+$/.test(text)) throw error;
    return { text, refusal: error };
  }
}

/**
 * The repository that a person means, as `owner/name`. If its name stands alone, it is that of the one environment with this name, else one
 * of their own on GitHub, unless an environment of somebody else is meant.
 *
 * @param recorded reads the environments of the owner
 * @param teammate the owner, if that is not the person
 * @throws RecodeError RepositoryNotValid, RepositoryAmbiguous, GitHubAccountUnknown, EnvironmentNotFound
 */
export async function resolveRepository(
  { text, repository, refusal }: TypedRepository,
  recorded: () => Promise<readonly Recorded[]>,
  variables: NodeJS.ProcessEnv,
  teammate?: string,
): Promise<string> {
  if (repository !== undefined) return repository;
  const [one, ...more] = meantBy(text, await recorded());
  if (one && more.length === 0) return one.repository;
  if (one) throw ambiguous(text, [one, ...more]);
  if (refusal) throw refusal;
  if (teammate !== undefined) {
    throw new RecodeError('EnvironmentNotFound', `${teammate} has no environment named ${text}. Another one can be meant by owner/name.`);
  }
  const found = await findAccount(variables);
  if ('account' in found) return `${found.account}/${text}`;
  throw new RecodeError(
    'GitHubAccountUnknown',
    `"${text}" does not say whose repository it is, and Recode does not know your GitHub account. ${found.reason}`,
  );
}

/** By the name of the repository, by all of it as `list` shows it, or else by the name of the environment. */
function meantBy(text: string, environments: readonly Recorded[]): readonly Recorded[] {
  const sameRepository = environments.filter(
    ({ repository }) => repository.split('/')[1]?.toLowerCase() === text.toLowerCase() || oneLine(repository) === text,
  );
  return sameRepository.length > 0 ? sameRepository : environments.filter(({ name }) => name === text);
}

function ambiguous(text: string, environments: readonly Recorded[]): RecodeError {
  const names = environments.map(({ repository, name }) => (name === undefined ? repository : `${repository} (${name})`));
  return new RecodeError('RepositoryAmbiguous', `"${text}" can be ${names.join(' or ')}.`);
}
