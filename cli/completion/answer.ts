import type { Command } from 'commander';
import type { Candidate, Completion } from './complete.ts';
import { complete } from './complete.ts';
import type { Shell } from './scripts.ts';
import { bashReply, readShellLine } from './shell-words.ts';
import { valuesFor } from './values.ts';

const files = ':files';

/**
 * Answers what a shell asks, a line for each word that can stand at the cursor.
 *
 * @param question of bash the line and its COMP_WORDBREAKS; of the others the words after `recode`, the last one as far as the cursor
 */
export async function answer(program: Command, shell: Shell, question: readonly string[], variables: NodeJS.ProcessEnv): Promise<string> {
  const completed = (words: readonly string[], current: string) =>
    complete(program, words, current, (place) => valuesFor(place, variables));
  if (shell === 'bash') {
    const [line = '', breaks = ''] = question;
    const { words, current } = readShellLine(line, breaks);
    const candidates = await completed(words.slice(1), current.text);
    return linesOf(candidates, ({ value }) => bashReply(value, current));
  }
  const words = question.slice(0, -1);
  const current = question.at(-1) ?? '';
  const candidates = await completed(words, shell === 'fish' ? readShellLine(current, '').current.text : current);
  const width = Math.max(0, ...(candidates ?? []).map(({ value }) => value.length));
  return linesOf(candidates, ({ value, description }) => {
    if (description === undefined) return value;
    return shell === 'fish' ? `${value}\t${description}` : `${value}\t${value.padEnd(width)}  -- ${description}`;
  });
}

function linesOf(completion: Completion, line: (candidate: Candidate) => string): string {
  return completion ? completion.map(line).join('\n') : files;
}
