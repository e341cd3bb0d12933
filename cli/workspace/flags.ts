import { RecodeError } from '../../core/errors.ts';
import { parseDotfiles } from '../dotfiles.ts';
import { parseGitProtocol } from '../git-protocol.ts';
import { gitHubServer } from '../github/server.ts';
import type { WorkspaceRequest } from './request.ts';

/** The options about the repository on the instance, as commander hands them over. */
export interface WorkspaceFlags {
  readonly branch?: string;
  readonly depth?: string;
  readonly gitProtocol?: string;
  readonly dotfiles?: string;
  readonly gitSigning?: boolean;
  /** False with --no-clone. */
  readonly clone: boolean;
  /** False with --no-hooks. */
  readonly hooks: boolean;
}

/**
 * Reads what to do with the repository on the instance.
 *
 * @throws RecodeError UsageNotValid, SettingNotValid
 */
export function parseWorkspace(flags: WorkspaceFlags & { readonly wait: boolean }, variables: NodeJS.ProcessEnv): WorkspaceRequest {
  const { clone, hooks, wait, branch, depth, gitProtocol, dotfiles, gitSigning } = flags;
  if (clone) gitHubServer(variables);
  const signing = gitSigning === false ? '--no-git-signing' : '--git-signing';
  const given = Object.entries({
    '--branch': branch,
    '--depth': depth,
    '--git-protocol': gitProtocol,
    '--dotfiles': dotfiles,
    [signing]: gitSigning,
  });
  const [option] = given.find(([, value]) => value !== undefined) ?? [];
  const without = clone ? (wait ? undefined : '--no-wait') : '--no-clone';
  if (option !== undefined && without !== undefined) {
    throw new RecodeError('UsageNotValid', `${option} cannot be used with ${without}, which does not clone.`);
  }
  return {
    clone,
    hooks,
    ...(gitProtocol !== undefined && { gitProtocol: parseGitProtocol(gitProtocol, '--git-protocol') }),
    ...(branch !== undefined && { branch: parseBranch(branch) }),
    ...(depth !== undefined && { depth: parseDepth(depth) }),
    ...(dotfiles !== undefined && { dotfiles: parseDotfiles(dotfiles, '--dotfiles', variables) }),
    ...(gitSigning !== undefined && { gitSigning }),
  };
}

/** Git has more rules, and says itself that there is no such branch. */
function parseBranch(text: string): string {
  if (/^[^\s\p{Cc}~^:?*[\\-][^\s\p{Cc}~^:?*[\\]*$/u.test(text)) return text;
  throw new RecodeError('UsageNotValid', `Invalid --branch '${text}'. Use the name of a branch or a tag, for example main.`);
}

function parseDepth(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new RecodeError('UsageNotValid', `Invalid --depth '${text}'. Use a number of commits, for example 1.`);
}
