import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RecodeError } from '../../../core/errors.ts';
import { runOpenSsh } from '../../ssh/client.ts';
import { type Check, ok, problem, skipped, warning } from '../check.ts';
import { checkPatience } from '../within.ts';
import type { KeptFolder } from './keys.ts';

/** The SSH agent of this machine. */
export interface SeenAgent {
  /** The repositories whose environments get it forwarded. */
  readonly forwardedTo: readonly string[];
  /** SSH_AUTH_SOCK. */
  readonly socket: string | undefined;
  /** The exit code of `ssh-add -l`: 0 if it has keys, 1 if it has none, 2 if it cannot be reached (ssh-add(1)). */
  readonly code: number | null;
  /** Why it could not be asked. */
  readonly trouble?: string;
}

const sign = 'Commits in the environment are signed with a key of the agent.';

/** Whether the SSH agent can be used where it is forwarded. */
export function agentCheck({ forwardedTo, socket, code, trouble }: SeenAgent): Check {
  const to = `It is forwarded to the environment of ${forwardedTo.join(', ')}.`;
  if (forwardedTo.length === 0) return ok('ssh-agent', 'Not forwarded to any environment');
  if (trouble !== undefined) return skipped('ssh-agent', trouble);
  if (code === 0) return ok('ssh-agent', `It holds keys. ${to}`);
  if (code === 1) return warning('ssh-agent', `The SSH agent holds no key. ${to}`, `Run "ssh-add". ${sign}`);
  const seen = socket === undefined ? 'SSH_AUTH_SOCK is not set.' : `No SSH agent answers at ${socket}.`;
  return problem('ssh-agent', `${seen} ${to}`, `Run 'eval "$(ssh-agent)" && ssh-add', then connect again. ${sign}`);
}

/** Asks the agent, if it is used. */
export async function seeAgent(folders: readonly KeptFolder[], variables: NodeJS.ProcessEnv): Promise<SeenAgent> {
  const forwardedTo = folders.filter(({ folder }) => existsSync(join(folder, 'agent-forwarding'))).map(({ repository }) => repository);
  const socket = variables.SSH_AUTH_SOCK || undefined;
  if (forwardedTo.length === 0) return { forwardedTo, socket, code: null };
  try {
    const { code } = await runOpenSsh('ssh-add', ['-l'], checkPatience);
    return { forwardedTo, socket, code };
  } catch (error) {
    if (!(error instanceof RecodeError)) throw error;
    return { forwardedTo, socket, code: null, trouble: error.message };
  }
}
