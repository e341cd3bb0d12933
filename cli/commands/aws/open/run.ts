import { canAsk, chooseEditor, editorNotChosen, requireEditor } from '../../../editor/choose.ts';
import { editorRows, type FoundEditor, foundEditors } from '../../../editor/editors.ts';
import { openFolder } from '../../../editor/open-folder.ts';
import { type Editor, parseEditor } from '../../../editor.ts';
import { aliasesFolder } from '../../../files/environment-folder.ts';
import { line, type Output } from '../../../output.ts';
import { readUserSettings } from '../../../settings/user-settings.ts';
import { sshCommand } from '../../../ssh/config.ts';
import { shortCommand } from '../../../ssh/connection.ts';
import { ensureInclude } from '../../../ssh/ensure-include.ts';
import { type ConnectionTarget, openStarted } from '../../../started-environment.ts';
import { type ConnectionFlags, parseConnection } from '../options.ts';

/** The options as commander hands them over. */
export interface OpenFlags extends ConnectionFlags {
  readonly editor?: string;
}

/** An environment to open. */
export interface OpenRequest extends ConnectionTarget {
  readonly editor: Editor | undefined;
}

/** Reads what was typed. Throws RecodeError UsageNotValid. */
export function parseOpen(repository: string, flags: OpenFlags, variables: NodeJS.ProcessEnv): OpenRequest {
  const editor = flags.editor === undefined ? undefined : parseEditor(flags.editor, '--editor');
  return { ...parseConnection(repository, flags, variables), editor };
}

/**
 * Opens an environment in an editor. Starts it first where that is asked for. What the editor needs on this machine is there before that.
 *
 * @throws RecodeError EditorNotChosen, EditorNotFound, EditorFailed, SshConfigNotIncluded, RemoteShellFails, and those of
 *   cli/started-environment.ts and cli/ssh/user-config.ts
 */
export async function runOpen(request: OpenRequest, output: Output): Promise<void> {
  const found = foundEditors(process.env);
  const editor = await editorFor(request, found, output);
  if (editor === undefined) return;
  if (
    editor !== 'none' &&
    !(await ensureInclude({ aliases: aliasesFolder(process.env) }, editorRows[editor.editor].title, canAsk(output), output))
  )
    return;
  const environment = await openStarted(request, output);
  if (!environment) return;
  if (editor === 'none') {
    const { files, host, alias, subject } = environment;
    const command = shortCommand(files, { sshCommand: sshCommand(files, host), alias });
    output.stdout.write(`${line`${subject.repository} is started.`} To connect, run:\n  ${command}\n`);
    return;
  }
  await openFolder(environment, editor, output);
}

/** The editor to open it in. Undefined where the person was asked and has not said. */
async function editorFor(
  { editor }: OpenRequest,
  found: readonly FoundEditor[],
  output: Output,
): Promise<FoundEditor | 'none' | undefined> {
  if (editor === 'none') return editor;
  if (editor !== undefined) return requireEditor(editor, found);
  const setting = readUserSettings(process.env).get('editor');
  if (setting !== undefined && setting !== 'none') return requireEditor(setting, found);
  if (setting === 'none' || !canAsk(output) || found.length === 0) throw editorNotChosen(setting, found);
  const chosen = await chooseEditor(found, output);
  return chosen === undefined || chosen === 'none' ? chosen : requireEditor(chosen, found);
}
