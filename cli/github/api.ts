import { RecodeError } from '../../core/errors.ts';
import { gitHubApiOf } from '../../core/repository.ts';
import { openFetch } from '../http/fetch.ts';
import { plainUrl } from '../http/plain-url.ts';
import { unreachable } from '../unreachable.ts';
import { findToken, type NoToken, type Token } from './token.ts';

/** GitHub's API as one command asks it. All that it asks, a few seconds at most. */
export interface GitHub {
  /** For people. */
  readonly name: string;
  /** What GitHub is asked with. */
  readonly token: Token | NoToken;
  /** Asks for a path. Never throws because of GitHub or of what lies between. */
  get(path: string): Promise<Answer>;
}

/** `none`: GitHub has not said, and the reason is a sentence. */
export type Answer =
  | { readonly status: 'ok'; readonly data: unknown }
  | { readonly status: 'not-found' }
  | { readonly status: 'none'; readonly reason: string };

const patienceSeconds = 5;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** GitHub's API at GITHUB_API_URL, or that of GITHUB_SERVER_URL, and the token that there is for it. */
export async function openGitHub(variables: NodeJS.ProcessEnv): Promise<GitHub> {
  const address = variables.GITHUB_API_URL || gitHubApiOf(variables.GITHUB_SERVER_URL);
  const url = plainUrl(address);
  if (!url) {
    const reason = 'Invalid GITHUB_API_URL. Use an http or https URL without a user name.';
    return { name: 'GitHub', token: { missing: reason }, get: async () => ({ status: 'none', reason }) };
  }
  const name = url.host === 'api.github.com' ? 'GitHub' : `GitHub at ${url.host}`;
  const signal = AbortSignal.timeout(patienceSeconds * 1000);
  const token = await findToken(url.hostname, variables, signal);
  return { name, token, get: (path) => ask({ name, token, baseUrl: address.replace(/\/+$/, ''), signal }, path) };
}

interface Connection extends Pick<GitHub, 'name' | 'token'> {
  readonly baseUrl: string;
  readonly signal: AbortSignal;
}

async function ask(connection: Connection, path: string): Promise<Answer> {
  const { token, baseUrl, signal } = connection;
  // The GitHub CLI has taken all the time.
  if (signal.aborted && 'missing' in token) return { status: 'none', reason: token.missing };
  const { request } = await import('@octokit/request');
  try {
    const fetch = await openFetch(process.env);
    // A renamed repository is followed by fetch, which leaves the token behind where that leads to another host.
    const headers = 'missing' in token ? {} : { authorization: `Bearer ${token.value}` };
    const { data } = await request(`GET ${path}`, { baseUrl, headers, request: { signal, log: silent, fetch } });
    return { status: 'ok', data };
  } catch (error) {
    if (error instanceof RecodeError) return { status: 'none', reason: error.message };
    if (!(error instanceof Error) || error.name !== 'HttpError') throw error;
    const { response } = error as HttpError;
    if (response?.status === 404) return { status: 'not-found' };
    return { status: 'none', reason: response ? refusal(connection, response) : networkFailure(connection, error) };
  }
}

/** What @octokit/request throws. Its message is GitHub's own, or the network's. */
interface HttpError extends Error {
  readonly response?: Response;
}
interface Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
}

function refusal({ name, token }: Connection, { status, headers }: Response): string {
  const anonymous = 'missing' in token;
  if (status === 401) return anonymous ? `${name} requires a token. ${token.missing}` : `${name} does not accept the ${token.name}.`;
  if (status === 429 || (status === 403 && (headers['x-ratelimit-remaining'] === '0' || headers['retry-after'] !== undefined))) {
    return anonymous
      ? `You have reached the rate limit of ${name}. A token raises it. ${token.missing}`
      : `You have reached the rate limit of ${name}.`;
  }
  if (status === 403 && !anonymous) return `${name} denies access with the ${token.name}.`;
  return `${name} answered with HTTP status ${status}.`;
}

function networkFailure({ name, signal }: Connection, error: Error): string {
  if (signal.aborted) return `${name} did not answer within ${patienceSeconds} seconds.`;
  const cause = rootOf(error);
  const { code } = cause as NodeJS.ErrnoException;
  return `${name} cannot be reached. ${unreachable(cause)?.message ?? `The connection failed${code ? ` (${code})` : ''}.`}`;
}

const rootOf = (error: Error): Error => (error.cause instanceof Error ? rootOf(error.cause) : error);
