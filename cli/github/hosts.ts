import { gitHubHosts } from '../../core/repository.ts';

/** The hosts of GitHub that the variables name. */
export const hostsOf = ({ GITHUB_API_URL, GITHUB_SERVER_URL }: NodeJS.ProcessEnv): readonly string[] =>
  gitHubHosts({ api: GITHUB_API_URL, server: GITHUB_SERVER_URL });
