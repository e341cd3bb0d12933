import { RecodeError } from '../core/errors.ts';
import { isAccountName } from '../core/repository.ts';
import { openGitHub } from './github/api.ts';

/**
 * Asks GitHub whether a repository (`owner/name`) exists. Where GitHub does not say, that is a warning and no reason to stop.
 *
 * @throws RecodeError RepositoryNotFound
 */
export async function checkRepository(repository: string, variables: NodeJS.ProcessEnv): Promise<'exists' | { warning: string }> {
  const { name, token, get } = await openGitHub(variables);
  const answer = await get(`/repos/${repository}`);
  if (answer.status === 'ok') return 'exists';
  if (answer.status === 'none') return { warning: `Recode could not check whether ${repository} exists. ${answer.reason}` };
  // GitHub does not tell a private repository from none.
  const message =
    'missing' in token
      ? `${name} has no public repository ${repository}. Private repositories need a token. ${token.missing}`
      : `${name} has no repository ${repository} that the ${token.name} can see.`;
  throw new RecodeError('RepositoryNotFound', message);
}

/** The GitHub account of the person, or a sentence that says why it is not known. */
export async function findAccount(variables: NodeJS.ProcessEnv): Promise<{ account: string } | { reason: string }> {
  const { name, token, get } = await openGitHub(variables);
  if ('missing' in token) return { reason: token.missing };
  const answer = await get('/user');
  if (answer.status === 'none') return { reason: answer.reason };
  const login = answer.status === 'ok' ? (answer.data as { login?: unknown } | undefined)?.login : undefined;
  return typeof login === 'string' && isAccountName(login)
    ? { account: login }
    : { reason: `${name} does not tell which account the ${token.name} belongs to.` };
}
