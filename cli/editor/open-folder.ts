import { RecodeError } from '../../core/errors.ts';
import type { OpenedEnvironment } from '../environment.ts';
import { line, type Output, paint, warn } from '../output.ts';
import { cloneFolder, workFolder } from '../ssh/remote-folder.ts';
import { editorRows, type FoundEditor } from './editors.ts';
import { launchEditor } from './launch.ts';

/** An environment that this machine can connect to. */
interface Connected extends Pick<OpenedEnvironment, 'files' | 'subject'> {
  /** The host in its file for `ssh -F`. */
  readonly host: string;
  readonly address: string;
  readonly alias: string | undefined;
}

/**
 * Opens the clone of an environment's repository in an editor, or its home folder while there is no clone.
 *
 * @throws RecodeError EditorFailed, RemoteShellFails, KeysNotWritable where it has no host alias, and those of cli/ssh/connect.ts
 */
export async function openFolder({ files, subject, host, address, alias }: Connected, found: FoundEditor, output: Output): Promise<void> {
  const { repository } = subject;
  if (alias === undefined) {
    throw new RecodeError('KeysNotWritable', `${files.aliases} has files of other programs with every host name of ${repository}.`);
  }
  const { path, clone } = await workFolder({ sshConfig: files.sshConfig, name: host, address }, repository);
  if (!clone) warn(output, line`The environment has no folder ~/${cloneFolder(repository)}, so its home folder opens.`);
  await launchEditor(found, { host: alias, path });
  const { stdout } = output;
  stdout.write(`${paint(stdout, 'green', '✓')} ${line`Opened ${repository} in ${editorRows[found.editor].title}: ${path}`}\n`);
}
