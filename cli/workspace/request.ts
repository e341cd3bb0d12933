import type { GitProtocol } from '../git-protocol.ts';
import { readUserSettings } from '../settings/user-settings.ts';
import { signingKey } from './signing.ts';

/** What to do inside an instance once it is started. */
export interface WorkspaceRequest {
  /** Whether to clone the repository, and all that follows from that. */
  readonly clone: boolean;
  /** Whether to run the hooks of the repository. */
  readonly hooks: boolean;
  /** The branch to clone; the repository's default branch if there is none. */
  readonly branch?: string;
  /** How many commits to clone; all of them if there is none. */
  readonly depth?: number;
  /** How to clone; as the person's settings say, if it is not given. */
  readonly gitProtocol?: GitProtocol;
  /** The repository with the person's dotfiles (`owner/name`); as their settings say, if it is not given. */
  readonly dotfiles?: string;
  /** Whether to sign commits with the SSH key of this machine; as before, if it is not given. */
  readonly gitSigning?: boolean;
}

/** A request with what the person's settings and their git say about it. */
export interface ReadyRequest extends WorkspaceRequest {
  readonly gitProtocol: GitProtocol;
  /** The key to sign commits with; `none` to sign them no more. */
  readonly signing?: string;
}

/** What a command does that has no options about it. */
export const usualWorkspace: WorkspaceRequest = { clone: true, hooks: true };

/**
 * Makes a request ready: options come before settings.
 *
 * @throws RecodeError SigningKeyNotUsable, SettingNotValid, ConfigDamaged, ConfigNotReadable
 */
export async function readyRequest(request: WorkspaceRequest): Promise<ReadyRequest> {
  const { gitSigning } = request;
  const settings = readUserSettings(process.env);
  const dotfiles = request.dotfiles ?? settings.get('dotfiles');
  return {
    ...request,
    gitProtocol: request.gitProtocol ?? settings.get('git-protocol') ?? 'https',
    ...(dotfiles !== undefined && { dotfiles }),
    ...(gitSigning !== undefined && { signing: gitSigning ? await signingKey() : 'none' }),
  };
}
