import type { Command } from 'commander';
import { paintHelp } from './output.ts';

/** Examples below a command's help: what each does, and what to type. */
export function examples(list: readonly (readonly [purpose: string, command: string])[]): string {
  const lines = list.map(([purpose, command]) => `  # ${purpose}\n  $ ${command}`);
  return `\n${heading('Examples:')}\n${lines.join('\n\n')}`;
}

/** A heading of the help; commander takes the style away again where the reader sees none. */
export const heading = (text: string) => paintHelp('bold', text);

/** Whether a command is one for people to find: not "help", and not what the completion of shells runs. */
export function isOffered(command: Command): boolean {
  return command.name() !== 'help' && !command.name().startsWith('__');
}

/** The commands that do something, below all groups. */
export function leafCommands(command: Command): Command[] {
  const children = command.commands.filter(isOffered);
  return children.flatMap((child) => (child.commands.length === 0 ? [child] : leafCommands(child)));
}

/** What to type for a command: `recode aws start`. */
export function commandName(command: Command): string {
  return command.parent ? `${commandName(command.parent)} ${command.name()}` : command.name();
}
