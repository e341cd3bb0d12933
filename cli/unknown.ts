import type { Command } from 'commander';
import { RecodeError } from '../core/errors.ts';
import type { AccountOptions } from './account.ts';
import { printedCommand } from './account-flags.ts';
import { meantCommands, meantOptions } from './did-you-mean.ts';
import { commandName } from './help.ts';

/**
 * The refusal of a word that names no command, with what may have been meant, ready to be typed.
 *
 * @param group where the word was typed
 * @param operands the words after it
 * @param options the options that it came with, those of `recode` itself left out
 */
export function unknownCommand(
  group: Command,
  word: string,
  operands: readonly string[] = [],
  options: readonly string[] = [],
): RecodeError {
  // Many programs have a command for it.
  if (word.toLowerCase() === 'version') return notKnown(group, word, ['"recode --version"']);
  const meant = meantCommands(group, word);
  const fitting = meant.filter((command) => operands.length <= command.registeredArguments.length);
  const commands = (fitting.length > 0 ? fitting : meant).map((command) => {
    const words = [...commandName(command).split(' '), ...(fitting.includes(command) ? [...operands, ...options] : [])];
    return `"${printedCommand(words, accountOf(command))}"`;
  });
  return notKnown(group, word, commands);
}

const notKnown = (group: Command, word: string, meant: readonly string[]) =>
  new RecodeError('UsageNotValid', `Unknown command '${word}' for "${commandName(group)}".${didYouMean(meant)}`);

/** The refusal of an option that a command does not have, with those that may have been meant. */
export function unknownOption(command: Command, flag: string): RecodeError {
  const [name, value] = flag.split('=', 2);
  const known =
    value !== undefined &&
    command
      .createHelp()
      .visibleOptions(command)
      .some(({ long }) => long === name);
  if (known) return new RecodeError('UsageNotValid', `${name} takes no value.`);
  return new RecodeError(
    'UsageNotValid',
    `Unknown option '${flag}' for "${commandName(command)}".${didYouMean(meantOptions(command, flag))}`,
  );
}

/** The account options that were given, of those that a command takes. */
function accountOf(command: Command): Partial<AccountOptions> {
  const given = command.optsWithGlobals<Record<string, unknown>>();
  return Object.fromEntries(
    command.options.flatMap((option) => {
      const key = option.attributeName();
      return ['local', 'profile', 'region'].includes(key) ? [[key, given[key]]] : [];
    }),
  );
}

/** The question whether one of these was meant, after a space; nothing without any. */
export function didYouMean(meant: readonly string[]): string {
  return meant.length === 0 ? '' : ` Did you mean ${meant.join(' or ')}?`;
}
