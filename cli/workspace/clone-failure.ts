import { RecodeError } from '../../core/errors.ts';
import type { NoToken, Token } from '../github/token.ts';
import type { Source } from './source.ts';

/** What was to be cloned, and what with. */
export interface FailedClone {
  readonly repository: string;
  readonly source: Source;
  readonly branch?: string | undefined;
  readonly token?: Token | NoToken | undefined;
  /** What git and the script have printed. */
  readonly said: readonly string[];
}

/** Why a repository could not be cloned, by what git has said. */
export function cloneFailure(failed: FailedClone): RecodeError {
  const { repository, source, branch, said } = failed;
  const all = said.join('\n');
  const reason = reasonIn(said);
  if (/No space left on device|Disk quota exceeded/i.test(all)) {
    return new RecodeError('InstanceDiskFull', `${repository} could not be cloned. ${reason}`);
  }
  if (branch !== undefined && /Remote branch .* not found in upstream|Could not find remote branch/.test(all)) {
    return new RecodeError('BranchNotFound', `${repository} has no branch ${branch}.`);
  }
  if (refused.test(all)) return new RecodeError('CloneRefused', refusal(failed, reason));
  if (unreachable.test(all)) return new RecodeError('GitServerUnreachable', `The instance cannot clone ${source.url}. ${reason}`);
  return new RecodeError('CloneFailed', `${repository} could not be cloned from ${source.url}. ${reason}`);
}

// Of git, curl, OpenSSH and GitHub, in the locale C. https://github.com/git/git/blob/v2.39.5/remote-curl.c has the first ones.
const refused =
  /repository '.*' not found|Authentication failed for|could not read (Username|Password)|The requested URL returned error: 403|Repository not found|Permission denied \(publickey/;
const unreachable =
  /Could not resolve (host|proxy)|Failed to connect|Couldn't connect|Connection (refused|timed out|reset)|Network is unreachable|No route to host|Temporary failure in name resolution|Could not resolve hostname|early EOF|unexpected disconnect|The remote end hung up|remote did not send all necessary objects|RPC failed|error: 5\d\d|unable to access|Host key verification failed/;

function refusal({ repository, source, token }: FailedClone, reason: string): string {
  if (source.protocol === 'ssh') return `${source.url} cannot be cloned with the keys of this machine's SSH agent. ${reason}`;
  if (token === undefined || 'missing' in token) {
    return `${source.server} has no public repository ${repository}. A private one needs a token. ${token?.missing ?? ''}`.trim();
  }
  return `${source.server} has no repository ${repository} that the ${token.name} can read.`;
}

/** The line that says most: the last one that git calls an error, else the last one. */
function reasonIn(said: readonly string[]): string {
  const lines = said.map((line) => line.trim()).filter((line) => line !== '' && !/^(Cloning into|and the repository exists)/.test(line));
  const told = lines.findLast(
    (line) => /^(fatal|error|ERROR): /.test(line) && !/early EOF|Could not read from remote|index-pack failed/.test(line),
  );
  const line = told ?? lines.at(-1) ?? 'git said nothing.';
  return line.replace(/^(fatal|error|ERROR): /, 'git says: ').replace(/\.?$/, '.');
}
