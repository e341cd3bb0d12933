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

// Of git, curl, OpenSSH and GitHub, in the locale C. https://github.com/git/git/blob/v2.39.5/remote-curl.c has the most of git's.
const full = /No space left on device|Disk quota exceeded/i;
const noBranch = /Remote branch .* not found in upstream/;
const refused =
  /repository '.*' not found|Authentication failed for|could not read (Username|Password)|The requested URL returned error: 403|Repository not found|Permission denied \(publickey/;
const unreachable =
  /Could not resolve|Failed to connect|Couldn't connect|Connection (refused|timed out|reset)|Network is unreachable|No route to host|Temporary failure in name resolution|Host key verification failed|RPC failed|unexpected disconnect|The remote end hung up|early EOF|unable to access/;

/** Why a repository could not be cloned, by what git has said. */
export function cloneFailure(failed: FailedClone): RecodeError {
  const { repository, source, branch, said } = failed;
  const find = (pattern: RegExp) => said.find((line) => pattern.test(line));
  const disk = find(full);
  if (disk !== undefined) return new RecodeError('InstanceDiskFull', `${repository} could not be cloned. ${quoted(disk)}`);
  if (find(noBranch) !== undefined) return new RecodeError('BranchNotFound', `${repository} has no branch ${branch}.`);
  const refusal = find(refused);
  if (refusal !== undefined) return new RecodeError('CloneRefused', refusedBecause(failed, refusal));
  const network = find(unreachable);
  if (network !== undefined) {
    return new RecodeError('GitServerUnreachable', `The instance cannot clone ${source.url}. ${quoted(network)}`);
  }
  const lines = said.filter((line) => line.trim() !== '');
  const last = lines.findLast((line) => /^(fatal|error): /.test(line)) ?? lines.at(-1) ?? 'git said nothing';
  return new RecodeError('CloneFailed', `${repository} could not be cloned from ${source.url}. ${quoted(last)}`);
}

function refusedBecause({ repository, source, token }: FailedClone, line: string): string {
  if (source.protocol === 'ssh') return `${source.url} cannot be cloned with the keys of this machine's SSH agent. ${quoted(line)}`;
  if (token === undefined || 'missing' in token) {
    return `${source.server} has no public repository ${repository}. A private one needs a token. ${token?.missing ?? ''}`.trim();
  }
  return `${source.server} has no repository ${repository} that the ${token.name} can read.`;
}

/** A line as a sentence. */
const quoted = (line: string) =>
  line
    .trim()
    .replace(/^(fatal|error|ERROR): /, 'git says: ')
    .replace(/\.?$/, '.');
