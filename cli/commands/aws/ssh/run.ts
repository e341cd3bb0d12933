import { environmentCommand } from '../../../environment.ts';
import type { Output } from '../../../output.ts';
import { runSession, sshFailed } from '../../../ssh/session.ts';
import { type ConnectionTarget, openStarted } from '../../../started-environment.ts';
import { cloneFolderWord } from '../../../workspace/clone-script.ts';

/** A session to open. */
export interface SshRequest extends ConnectionTarget {
  /** Options for ssh, each as in `ssh -o`. */
  readonly options: readonly string[];
  /** The words after the host. */
  readonly words: readonly string[];
  /** Whether to begin in the home instead of the repository. */
  readonly home: boolean;
}

/**
 * Opens an SSH session in an environment, and ends with its exit code. Starts the environment first where that is asked for.
 *
 * @throws RecodeError those of cli/started-environment.ts, SshClientMissing, SshClientFails
 */
export async function runSsh(request: SshRequest, output: Output): Promise<void> {
  // stdout is the remote command's.
  const environment = await openStarted(request, { ...output, stdout: output.stderr });
  if (!environment) return;
  const { files, host } = environment;
  const { options, words, home } = request;
  // Options for ssh itself may come before a command.
  const folder = home || words[0]?.startsWith('-') ? undefined : cloneFolderWord(environment.subject.repository);
  const code = await runSession({ sshConfig: files.sshConfig, name: host, options, words, ...(folder !== undefined && { folder }) });
  // A remote command can exit with it too.
  if (code === sshFailed) {
    const check = environmentCommand(environment, 'start');
    output.stderr.write(`If ssh could not connect, run "${check}". It checks the connection and says what is wrong.\n`);
  }
  process.exitCode = code;
}
