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

// GitHub's own rules. An account has letters, digits and hyphens; older ones may end in a hyphen or have two in a row. A managed user's ends
// in `_` and the short code of its enterprise. A repository also has dots and underscores, and never ends in .git.
const accountName = /^(?=.{1,39}$)[A-Za-z0-9][A-Za-z0-9-]*(_[A-Za-z0-9]+)?$/;
const publicHost = 'github.com';
const repositoryName = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;

/**
 * Reads a repository: `owner/name`, the name alone, or what GitHub's pages and `git remote -v` show.
 *
 * @param hosts of GitHub, whose URLs are meant
 * @throws RecodeError RepositoryNotValid
 */
export function parseRepository(text: string, hosts: readonly string[] = [publicHost]): NamedRepository {
  const { host, path } = locate(text);
  if (host !== undefined && !hosts.includes(host.toLowerCase().replace(/^(www|ssh)\.(?=github\.com$)/, ''))) {
    throw notValid(
      `"${withoutSecret(text)}" is on ${host}. Recode uses ${hosts.join(' and ')}, unless GITHUB_SERVER_URL names another GitHub.`,
    );
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

/**
 * The hosts of GitHub's pages that its variables name: `ghes.example` for the API `https://ghes.example/api/v3`, `acme.ghe.com` for
 * `https://api.acme.ghe.com`. A proxy of the API names none.
 */
export function gitHubHosts({
  api,
  server,
}: {
  readonly api?: string | undefined;
  readonly server?: string | undefined;
}): readonly string[] {
  const [apiUrl, serverUrl] = [api, server].map((url) => (url && URL.canParse(url) ? new URL(url) : undefined));
  const cloud = /^api\.(github\.com|[^.]+\.ghe\.com)$/.exec(apiUrl?.hostname ?? '')?.[1];
  const own = apiUrl && /^\/api\/v3\/?$/.test(apiUrl.pathname) ? apiUrl.hostname : undefined;
  const named = [cloud ?? own, serverUrl?.hostname].filter((host) => host !== undefined);
  return named.length === 0 ? [publicHost] : [...new Set(named)];
}

/** Where the API of the GitHub is whose pages are at a URL. */
export function gitHubApiOf(server: string | undefined): string {
  if (!server || !URL.canParse(server)) return `https://api.${publicHost}`;
  const { protocol, host, hostname } = new URL(server);
  return hostname === publicHost || hostname.endsWith('.ghe.com') ? `${protocol}//api.${host}` : `${protocol}//${host}/api/v3`;
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
  if (!/^(https?|ssh|git|git\+ssh):\/\/\S+$/i.test(text) || !URL.canParse(text)) {
    // A shell completes the folder acme/api as acme/api/.
    return { path: rest.length === 2 && rest[1] === '' ? [first, rest[0] ?? ''] : [first, ...rest] };
  }
  const { protocol, hostname, pathname } = new URL(text);
  const path = partsOf(pathname);
  // The pages of a repository lie below it.
  return { host: hostname, path: protocol.startsWith('http') ? path.slice(0, 2) : path };
}

// `git clone` adds .git to a name or takes it away, so GitHub gives no repository a name that ends in it.
const isRepositoryName = (text: string) => repositoryName.test(text) && !/\.git$/i.test(text);

const partsOf = (path: string) => path.replace(/^\/|\/+$/g, '').split('/');

const notValid = (problem: string) => new RecodeError('RepositoryNotValid', problem);

/** A URL to clone with may carry a token before its host. */
const withoutSecret = (text: string) => text.replace(/\/\/[^/]*@/, '//');
