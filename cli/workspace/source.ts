import type { GitProtocol } from '../git-protocol.ts';
import { openGitHub } from '../github/api.ts';
import { gitHubServer } from '../github/server.ts';
import { findToken, type NoToken, type Token } from '../github/token.ts';

/** Where an instance clones a repository from. */
export type Source = HttpsSource | SshSource;

/** A public repository, or a private one that a token opens. */
export interface HttpsSource {
  readonly protocol: 'https';
  readonly url: string;
  /** The server that the token is for, as `https://github.com`. */
  readonly server: string;
  /** Finds the token of the person. */
  token(): Promise<Token | NoToken>;
}

/** A repository that the SSH agent of this machine opens. */
export interface SshSource {
  readonly protocol: 'ssh';
  readonly url: string;
  /** The server as a known_hosts file has it, and its host keys, where GitHub tells them. */
  readonly host: string;
  readonly hostKeys: readonly string[];
}

const patienceSeconds = 10;

/** Where to clone a repository (`owner/name`) from. Throws RecodeError SettingNotValid. */
export async function sourceOf(repository: string, protocol: GitProtocol, variables: NodeJS.ProcessEnv): Promise<Source> {
  const server = gitHubServer(variables);
  return protocol === 'ssh' ? sshSource(repository, server, variables) : httpsSource(repository, server, variables);
}

function httpsSource(repository: string, server: URL, variables: NodeJS.ProcessEnv): HttpsSource {
  return {
    protocol: 'https',
    url: `${server.origin}/${repository}.git`,
    server: server.origin,
    async token() {
      if (!isPrivate(server)) return { missing: `Recode sends no token to ${server.origin}, which does not use https.` };
      return findToken(server.hostname, variables, AbortSignal.timeout(patienceSeconds * 1000));
    },
  };
}

/** Whether nobody on the way can read what the server gets. */
const isPrivate = ({ protocol, hostname }: URL) => protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);

async function sshSource(repository: string, server: URL, variables: NodeJS.ProcessEnv): Promise<SshSource> {
  const { get } = await openGitHub(variables);
  const [named, meta] = await Promise.all([get(`/repos/${repository}`), get('/meta')]);
  const url = urlIn(named.status === 'ok' ? named.data : undefined) ?? `git@${server.hostname}:${repository}.git`;
  return { protocol: 'ssh', url, host: knownHost(url), hostKeys: hostKeysIn(meta.status === 'ok' ? meta.data : undefined) };
}

/** The URL for SSH that GitHub has for a repository. Git could do something else with one of another kind. */
function urlIn(data: unknown): string | undefined {
  const url = (data as { ssh_url?: unknown } | undefined)?.ssh_url;
  return typeof url === 'string' && /^(ssh:\/\/)?[\w-]+@[\w.[\]:-]+[:/][\w./~-]+$/.test(url) ? url : undefined;
}

function knownHost(url: string): string {
  const [, host = '', port] = /^ssh:\/\/[^@]+@([^/]+?)(?::(\d+))?\//.exec(url) ?? /^[^@]+@([^:]+):/.exec(url) ?? [];
  return port === undefined || port === '22' ? host : `[${host}]:${port}`;
}

function hostKeysIn(data: unknown): readonly string[] {
  const keys = (data as { ssh_keys?: unknown } | undefined)?.ssh_keys;
  if (!Array.isArray(keys)) return [];
  return keys.filter((key): key is string => typeof key === 'string' && /^[a-z0-9-]+ [A-Za-z0-9+/]+=*$/.test(key));
}
