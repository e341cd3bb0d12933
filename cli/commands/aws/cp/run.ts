import { spawn } from 'node:child_process';
import { RecodeError } from '../../../../core/errors.ts';
import { environmentCommand } from '../../../environment.ts';
import { line, type Output, warn } from '../../../output.ts';
import { runOpenSsh } from '../../../ssh/client.ts';
import { checkConnection, type Patience, type SshHost } from '../../../ssh/connect.ts';
import { cloneFolder, workFolder } from '../../../ssh/remote-folder.ts';
import { sessionEnd, sshFailed } from '../../../ssh/session.ts';
import { type ConnectionTarget, openStarted } from '../../../started-environment.ts';
import { type ConnectionFlags, parseConnection } from '../options.ts';
import { absolutePath, type Copy, localPath, parseCopy } from './paths.ts';
import { copyMode } from './scp-version.ts';

/** The options as commander hands them over. */
export interface CpFlags extends ConnectionFlags {
  readonly recursive?: boolean;
}

/** Files to copy. */
export interface CpRequest extends ConnectionTarget {
  readonly copy: Copy;
  readonly recursive: boolean;
}

/** Reads what was typed. Throws RecodeError UsageNotValid. */
export function parseCp(paths: readonly string[], flags: CpFlags, variables: NodeJS.ProcessEnv): CpRequest {
  const copy = parseCopy(paths);
  return { ...parseConnection(copy.repository, flags, variables), copy, recursive: flags.recursive ?? false };
}

/**
 * Copies files with scp, and ends with its exit code. Starts the environment first where that is asked for.
 *
 * @throws RecodeError SshClientOld, SshClientMissing, RemoteShellFails, and those of cli/started-environment.ts and cli/ssh/connect.ts
 */
export async function runCp({ copy, recursive, ...target }: CpRequest, output: Output): Promise<void> {
  const { stderr: version } = await runOpenSsh('ssh', ['-V']);
  const { upload, from, to } = copy;
  const mode = copyMode(version, upload ? [to] : from);
  const environment = await openStarted(target, output);
  if (!environment) return;
  const { files, host, address, subject } = environment;
  const { path: folder, home, clone } = await workFolder({ sshConfig: files.sshConfig, name: host, address }, subject.repository);
  const inFolder = (path: string) => !/^(\/|~)/.test(path);
  if (!clone && (upload ? [to] : from).some(inFolder)) {
    warn(output, line`The environment has no folder ~/${cloneFolder(subject.repository)}, so the paths are in its home folder.`);
  }
  const remote = (path: string) => `${host}:${absolutePath(path, { home, folder })}`;
  const paths = upload ? [...from.map((path) => localPath(path)), remote(to)] : [...from.map(remote), localPath(to)];
  const args = ['-F', files.sshConfig, ...mode, ...(recursive ? ['-r'] : []), ...paths];
  const code = await sessionEnd(spawn('scp', args, { stdio: 'inherit' }), 'scp');
  if (code === sshFailed && !(await connects({ sshConfig: files.sshConfig, name: host, address }))) {
    const check = environmentCommand(environment, 'start');
    output.stderr.write(`scp could not connect. Run "${check}": it checks the connection and says what is wrong.\n`);
  }
  process.exitCode = code;
}

/** Whether ssh connects. The exit code of scp is the same where it does not, and where it does not find a file. */
async function connects(host: SshHost): Promise<boolean> {
  try {
    await checkConnection(host, undefined, once);
    return true;
  } catch (error) {
    if (error instanceof RecodeError) return false;
    throw error;
  }
}

const once: Patience = { total: 0, pause: 0, withWrongAddress: 0 };
