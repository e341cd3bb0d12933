import { spawn } from 'node:child_process';
import { RecodeError } from '../../core/errors.ts';
import { editorRows, type FoundEditor, type RemoteFolder } from './editors.ts';

// The programs of editors hand over to a window and end at once. One that goes on has not failed.
const patienceMilliseconds = 10_000;

/**
 * Opens a folder of an environment in an editor.
 *
 * @throws RecodeError EditorFailed
 */
export async function launchEditor({ editor, program }: FoundEditor, folder: RemoteFolder): Promise<void> {
  const { title, words } = editorRows[editor];
  const { file, args, verbatim } = spawnedAs(program, words(folder, process.platform), process.platform);
  const problem = await new Promise<string | undefined>((resolve) => {
    const child = spawn(file, args, {
      // What it says is for people, and not the result of ours.
      stdio: ['ignore', 2, 2],
      // Ctrl-C in this terminal, or its end, is not meant for the editor.
      detached: process.platform !== 'win32',
      windowsHide: true,
      windowsVerbatimArguments: verbatim,
    });
    const patience = setTimeout(() => {
      child.unref();
      resolve(undefined);
    }, patienceMilliseconds);
    child.once('error', ({ message }) => resolve(`cannot be run: ${message}`));
    child.once('exit', (code, signal) => resolve(code === 0 ? undefined : `ended with ${signal ?? `exit code ${code}`}`));
    child.once('close', () => clearTimeout(patience));
  });
  if (problem !== undefined) throw new RecodeError('EditorFailed', `${title} did not open: ${program} ${problem.replace(/\.?$/, '.')}`);
}

/** How to run a program. Node.js does not run batch files of Windows, such as code.cmd, which only cmd.exe can. */
export function spawnedAs(program: string, words: readonly string[], platform: NodeJS.Platform) {
  if (platform !== 'win32' || !/\.(cmd|bat)$/i.test(program)) return { file: program, args: [...words], verbatim: false };
  // cmd.exe would obey more than what can be quoted reliably, and a batch file reads its arguments once more.
  const odd = words.find((word) => !/^[\w@+=:,./~-]+$/.test(word));
  if (odd !== undefined) throw new RecodeError('EditorFailed', `${program} cannot be given ${JSON.stringify(odd)} safely.`);
  return { file: 'cmd.exe', args: ['/d', '/s', '/c', `""${program}" ${words.join(' ')}"`], verbatim: true };
}
