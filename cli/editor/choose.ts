import { RecodeError } from '../../core/errors.ts';
import { type Editor, editors } from '../editor.ts';
import { type Output, oneLine, progressOf } from '../output.ts';
import { prompt } from '../prompt.ts';
import { saveUserSetting } from '../settings/user-settings.ts';
import { editorRows, type FoundEditor } from './editors.ts';

/** Whether a person can be asked which editor they want. */
export const canAsk = (output: Output): boolean => process.stdin.isTTY === true && progressOf(output).isTTY;

/**
 * Asks a person once which editor opens their environments, and remembers the answer as their setting. Ctrl-C and Ctrl-D end the command,
 * and are no answer.
 *
 * @throws RecodeError ConfigDamaged, ConfigNotReadable, ConfigNotWritable, NoHome
 */
export async function chooseEditor(found: readonly FoundEditor[], output: Output): Promise<Editor | undefined> {
  const stream = progressOf(output);
  const offered: readonly Editor[] = [...found.map(({ editor }) => editor), 'none'];
  stream.write('Which editor do you want to open environments in?\n');
  for (const [index, editor] of offered.entries()) stream.write(`  ${index + 1}  ${titleOf(editor)}\n`);
  for (;;) {
    const { text, exitCode } = await prompt('Number: ', stream);
    if (text === undefined) {
      stream.write('Cancelled.\n');
      process.exitCode = exitCode;
      return undefined;
    }
    const chosen = offered.find((editor, index) => [editor, String(index + 1)].includes(text.toLowerCase()));
    if (chosen) {
      await saveUserSetting('editor', chosen, process.env);
      stream.write('Saved as the setting "editor". To change it, run "recode config set editor <name>".\n');
      return chosen;
    }
  }
}

const titleOf = (editor: Editor) => (editor === 'none' ? 'none' : `${editorRows[editor].title} (${editor})`);

/**
 * The editor of a name, which has to be on this machine.
 *
 * @throws RecodeError EditorNotFound
 */
export function requireEditor(editor: Exclude<Editor, 'none'>, found: readonly FoundEditor[]): FoundEditor {
  const known = found.find((each) => each.editor === editor);
  if (known) return known;
  const [program] = editorRows[editor].programs(process.platform);
  const names = found.map((each) => each.editor);
  const others = names.length === 0 ? `No other editor that Recode knows is there.` : `Recode found: ${names.join(', ')}.`;
  throw new RecodeError('EditorNotFound', `There is no "${oneLine(program ?? editor)}" on the PATH. ${others}`);
}

/** The error where nobody has said which editor, and nobody can be asked. */
export function editorNotChosen(setting: Editor | undefined, found: readonly FoundEditor[]): RecodeError {
  const names = found.map(({ editor }) => editor);
  // A terminal is not asked either where there is nothing to choose from.
  const unasked = names.length === 0 ? 'No editor was chosen.' : 'No editor was chosen, and this is not a terminal.';
  const problem = setting === 'none' ? 'Your setting "editor" is none.' : unasked;
  const known = editors.filter((editor) => editor !== 'none');
  const offer =
    names.length === 0
      ? `None of the editors that Recode knows is on the PATH: ${known.join(', ')}.`
      : `Recode found: ${names.join(', ')}.`;
  return new RecodeError('EditorNotChosen', `${problem} ${offer}`);
}
