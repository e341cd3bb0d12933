import { RecodeError } from '../core/errors.ts';
import { parseRepository } from '../core/repository.ts';
import { hostsOf } from './github/hosts.ts';

/**
 * Reads the repository of somebody's dotfiles, `owner/name` or a URL, as `owner/name`.
 *
 * @param source what it was given for, such as `--dotfiles`
 * @throws RecodeError UsageNotValid
 */
export function parseDotfiles(text: string, source: string, variables: NodeJS.ProcessEnv): string {
  const read = readRepository(text, variables);
  if (read?.account !== undefined) return `${read.account}/${read.name}`;
  // Somebody's token may be in the URL.
  const shown = text.replace(/\/\/[^/]*@/, '//');
  throw new RecodeError('UsageNotValid', `Invalid ${source} '${shown}'. Use owner/name or the URL of a GitHub repository.`);
}

function readRepository(text: string, variables: NodeJS.ProcessEnv) {
  try {
    return parseRepository(text, hostsOf(variables));
  } catch (error) {
    if (error instanceof RecodeError && error.name === 'RepositoryNotValid') return undefined;
    throw error;
  }
}
