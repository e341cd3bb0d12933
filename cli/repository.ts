import { RecodeError } from '../core/errors.ts';
import { parseRepository } from '../core/repository.ts';
import { findAccount } from './github.ts';

/**
 * The repository that a person names, as `owner/name`. GitHub is asked only where the name stands alone: it is one of their own then.
 *
 * @throws RecodeError RepositoryNotValid, GitHubAccountUnknown
 */
export async function resolveRepository(text: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const { account, name } = parseRepository(text);
  if (account !== undefined) return `${account}/${name}`;
  const found = await findAccount(environment);
  if ('account' in found) return `${found.account}/${name}`;
  throw new RecodeError(
    'GitHubAccountUnknown',
    `"${text}" does not say whose repository it is, and Recode does not know your GitHub account. ${found.reason}`,
  );
}
