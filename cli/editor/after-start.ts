import type { StartOutput } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { environmentCommand, type OpenedEnvironment } from '../environment.ts';
import { aliasOf } from '../files/alias.ts';
import { isInteractive, type Output, warn } from '../output.ts';
import { readUserSettings } from '../settings/user-settings.ts';
import { ensureInclude } from '../ssh/ensure-include.ts';
import { canAsk, chooseEditor, requireEditor } from './choose.ts';
import { editorRows, foundEditors } from './editors.ts';
import { openFolder } from './open-folder.ts';

/**
 * Opens an environment that has just been started in the editor of the person's setting. After the first start of one, a terminal asks for
 * the editor once. A start has succeeded whatever becomes of that.
 */
export async function openAfterStart(environment: OpenedEnvironment, started: StartOutput, output: Output): Promise<void> {
  if (!environment.own || output.json || !isInteractive(output.stdout, process.env) || !output.stderr.isTTY) return;
  const alias = aliasOf(environment.files, started.name);
  // Its files could not be written, which was said.
  if (alias === undefined) return;
  try {
    const editor = await editorAfter(started, output);
    if (editor === undefined || editor === 'none') return;
    const found = requireEditor(editor, foundEditors(process.env));
    if (!(await ensureInclude(environment.files, editorRows[editor].title, canAsk(output), output))) return;
    await openFolder({ ...environment, host: started.name, address: started.publicIpAddress, alias }, found, output);
  } catch (error) {
    if (!(error instanceof RecodeError)) throw error;
    warn(output, `${error.message}\nTo open it later, run "${environmentCommand(environment, 'open')}".`);
  }
}

async function editorAfter({ created }: StartOutput, output: Output) {
  const setting = readUserSettings(process.env).get('editor');
  if (setting !== undefined || !created || !canAsk(output)) return setting;
  const found = foundEditors(process.env);
  // What opens links is on every desktop, and no sign of an editor.
  return found.some(({ editor }) => editor !== 'idea') ? chooseEditor(found, output) : undefined;
}
