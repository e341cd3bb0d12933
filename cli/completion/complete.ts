import type { Argument, Command, Option } from 'commander';
import { isOffered } from '../help.ts';
import { topicNames } from '../reference/topic-names.ts';

/** What could stand at the cursor. */
export interface Candidate {
  readonly value: string;
  readonly description?: string;
}

/** What is known of the place at the cursor: the option or the argument that a value is for, and what was typed before. */
export interface ValuePlace {
  readonly command: Command;
  /** `--region`, or the name of an argument. */
  readonly name: string;
  /** The value as far as the cursor. */
  readonly typed: string;
  /** The arguments before. */
  readonly before: readonly string[];
  /** The values of the options before, by their long names; empty for those without one. */
  readonly options: Readonly<Record<string, string>>;
}

/** What can be completed; `undefined` where the shell may offer files. */
export type Completion = readonly Candidate[] | undefined;

/** Finds the values for a place. */
export type ValuesFor = (place: ValuePlace) => Promise<Completion>;

/**
 * What can stand at the cursor, by the commands, options and arguments that there are.
 *
 * @param words before the one at the cursor
 * @param current the word at the cursor, as far as that
 */
export async function complete(program: Command, words: readonly string[], current: string, valuesFor: ValuesFor): Promise<Completion> {
  const typed = read(program, words);
  if (typed === undefined) return undefined;
  const { command, open, args, options, help } = typed;
  const startingWith = (candidates: Completion) => candidates?.filter(({ value }) => value.startsWith(current));
  const place = { command, typed: current, before: args, options };
  if (open?.required || (open && !current.startsWith('-'))) return startingWith(await valuesFor({ ...place, name: open.long ?? '' }));
  const [, flag, equals] = /^(--[^=]+)(=)/.exec(current) ?? [];
  if (flag !== undefined && equals !== undefined) {
    if (!takesValue(optionNamed(command, flag))) return [];
    const values = await valuesFor({ ...place, name: flag, typed: current.slice(flag.length + 1) });
    return startingWith(values?.map(({ value, ...rest }) => ({ value: `${flag}=${value}`, ...rest })));
  }
  if (current.startsWith('-')) return startingWith(optionsOf(command, options));
  const subcommands = command.commands.filter(isOffered);
  const topics = help && command === program ? Object.entries(topicNames).map(([value, description]) => ({ value, description })) : [];
  if (subcommands.length > 0) return startingWith(args.length > 0 ? [] : [...subcommands.map(describedCommand), ...topics]);
  const argument = argumentAt(command, args.length);
  return argument ? startingWith(await valuesFor({ ...place, name: argument.name() })) : [];
}

interface Typed {
  readonly command: Command;
  /** The option whose value is to come. */
  readonly open: Option | undefined;
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  /** Whether it asks for help about the command. */
  readonly help: boolean;
}

/** Reads what was typed. What comes after "--" is for another program. */
function read(program: Command, words: readonly string[]): Typed | undefined {
  let command = program;
  let open: Option | undefined;
  let help = false;
  const args: string[] = [];
  const options: Record<string, string> = {};
  for (const word of words) {
    if (open?.required || (open && !word.startsWith('-'))) {
      options[open.long ?? ''] = word;
      open = undefined;
    } else if (word === '--') {
      return undefined;
    } else if (word.startsWith('-')) {
      const [flag = '', ...value] = word.split('=');
      const option = optionNamed(command, flag);
      options[option?.long ?? flag] = value.join('=');
      open = value.length === 0 && takesNextWord(command, option) ? option : undefined;
    } else {
      const child = args.length === 0 ? command.commands.find((known) => known.name() === word) : undefined;
      // "recode help aws start" leads to what it is about.
      if (child?.name() === 'help') help = true;
      else if (child) command = child;
      else args.push(word);
    }
  }
  return { command, open, args, options, help };
}

/** An option of the command, or one of `recode`, which can stand anywhere. */
function optionNamed(command: Command, flag: string): Option | undefined {
  const option = command.options.find(({ long, short }) => long === flag || short === flag);
  return option ?? (command.parent ? optionNamed(command.parent, flag) : undefined);
}

const takesValue = (option: Option | undefined) => option?.required === true || option?.optional === true;

/** A command with arguments takes the next word for one of these: the value of `--json[=fields]` is in the same word. */
const takesNextWord = ({ registeredArguments }: Command, option: Option | undefined) =>
  option?.required === true || (option?.optional === true && registeredArguments.length === 0);

/** Switches that were given are left out; an option with a value may be repeated. */
function optionsOf(command: Command, given: Readonly<Record<string, string>>): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .filter(({ long, required }) => long !== undefined && (required || !(long in given)))
    .map(({ long = '', description }) => ({ value: long, description: firstSentence(description) }));
}

const describedCommand = (command: Command): Candidate => ({ value: command.name(), description: command.summary() });

function argumentAt(command: Command, index: number): Argument | undefined {
  const argument = command.registeredArguments[index] ?? command.registeredArguments.at(-1);
  return argument && (argument.variadic || index < command.registeredArguments.length) ? argument : undefined;
}

const firstSentence = (text: string) => text.replace(/ \(.*\)$/s, '');
