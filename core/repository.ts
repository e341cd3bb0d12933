import { RecodeError } from './errors.ts';

// GitHub's own rules: an account has letters, digits and single hyphens; a repository also dots and underscores.
const account = /^[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38}$/;
const repositoryName = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;

/**
 * Reads `owner/name`.
 *
 * @throws RecodeError RepositoryNotValid
 */
export function parseRepository(text: string): string {
  const [owner = '', name = '', ...rest] = text.split('/');
  if (!text.includes('/') && repositoryName.test(text)) {
    throw new RecodeError(
      'RepositoryNotValid',
      `"${text}" does not say whose repository it is, and Recode does not know your GitHub account. Write it as owner/name, for example "recode-sh/${text}".`,
    );
  }
  if (rest.length > 0 || !account.test(owner) || !repositoryName.test(name)) {
    throw new RecodeError(
      'RepositoryNotValid',
      `"${text}" is not the name of a GitHub repository. Write it as owner/name, for example "recode-sh/workspace".`,
    );
  }
  return `${owner}/${name}`;
}
