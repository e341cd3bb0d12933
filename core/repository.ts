import * as v from 'valibot';
import { RecodeError } from './errors.ts';

/** A repository of GitHub as `owner/name`. */
export const Repository = v.pipe(
  v.string(),
  v.check((text) => isRepository(text), 'a GitHub repository as owner/name'),
);

/** A repository as a person names it. */
export interface NamedRepository {
  /** Whose it is; absent where the name stands alone. */
  readonly account?: string;
  readonly name: string;
}

// GitHub's own rules: an account has letters, digits and single hyphens, and that of a managed user `_` and the short code of its
// enterprise at the end; a repository also has dots and underscores, and never ends in .git.
const accountName = /^(?=.{1,39}$)[A-Za-z0-9]+(-[A-Za-z0-9]+)*(_[A-Za-z0-9]+)?$/;
const repositoryName = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;

/**
 * Reads a repository: `owner/name`, the name alone, or what GitHub's pages and `git remote -v` show.
 *
 * @throws RecodeError RepositoryNotValid
 */
export function parseRepository(text: string): NamedRepository {
  const { host, path } = locate(text);
  if (host !== undefined && !/^((www|ssh)\.)?github\.com$/i.test(host)) {
    throw notValid(`"${withoutSecret(text)}" is on ${host}, but Recode takes repositories on github.com alone.`);
  }
  const [first = '', second, ...rest] = path;
  const alone = host === undefined && second === undefined;
  const account = alone ? undefined : first;
  const name = (alone ? first : (second ?? '')).replace(/\.git$/i, '');
  if (rest.length > 0 || (account !== undefined && !isAccountName(account)) || !isRepositoryName(name)) {
    throw notValid(`"${withoutSecret(text)}" is not the name of a GitHub repository.`);
  }
  return account === undefined ? { name } : { account, name };
}

/** Whether a text is `owner/name`, each as GitHub allows it. */
export function isRepository(text: string): boolean {
  const [account = '', name = '', ...rest] = text.split('/');
  return rest.length === 0 && isAccountName(account) && isRepositoryName(name);
}

/** Whether a user or an organization of GitHub can have this name. */
export function isAccountName(text: string): boolean {
  return accountName.test(text);
}

/** The host that a text names, if it names one, and the parts of the path there. */
function locate(text: string): { host?: string; path: string[] } {
  const [, scpHost, scpPath] = /^[^\s/:@]+@([^\s/:]+):(\S+)$/.exec(text) ?? [];
  if (scpHost !== undefined && scpPath !== undefined) return { host: scpHost, path: partsOf(scpPath) };
  const [first = '', ...rest] = text.split('/');
  // No account's name has a dot.
  if (/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(first) && rest.length > 1) return locate(`https://${text}`);
  // The parser of URLs would read over spaces.
  if (!/^(https?|ssh|git|git\+ssh):\/\/\S+$/i.test(text) || !URL.canParse(text)) return { path: [first, ...rest] };
  const { protocol, hostname, pathname } = new URL(text);
  const path = partsOf(pathname);
  // The pages of a repository lie below it.
  return { host: hostname, path: protocol.startsWith('http') ? path.slice(0, 2) : path };
}

// `git clone` adds .git to a name or takes it away, so GitHub gives no repository a name that ends in it.
const isRepositoryName = (text: string) => repositoryName.test(text) && !/\.git$/i.test(text);

const partsOf = (path: string) => path.replace(/^\/|\/+$/g, '').split('/');

const notValid = (problem: string) =>
  new RecodeError('RepositoryNotValid', `${problem} Write it as owner/name, for example "recode-sh/workspace".`);

/** A URL to clone with may carry a token before its host. */
const withoutSecret = (text: string) => text.replace(/\/\/[^/]*@/, '//');
