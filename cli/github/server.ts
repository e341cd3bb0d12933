import { RecodeError } from '../../core/errors.ts';
import { gitHubHosts } from '../../core/repository.ts';
import { plainUrl } from '../http/plain-url.ts';

/**
 * The server with the repositories: the one of GITHUB_SERVER_URL, or of the API at GITHUB_API_URL.
 *
 * @throws RecodeError SettingNotValid
 */
export function gitHubServer({ GITHUB_API_URL: api, GITHUB_SERVER_URL: server }: NodeJS.ProcessEnv): URL {
  if (!server) return new URL(`https://${gitHubHosts({ api })[0]}`);
  const url = plainUrl(server);
  if (url) return url;
  // The value may have a password in it.
  throw new RecodeError('SettingNotValid', 'Invalid GITHUB_SERVER_URL. Use an http or https URL without a user name.');
}
