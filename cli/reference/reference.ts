import { EventEmitter } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import type { Command } from 'commander';
import { commandName, isOffered } from '../help.ts';
import { render } from '../output.ts';

/** What the help of a command says, in its parts. */
export interface CommandReference {
  /** `recode aws start` */
  readonly name: string;
  readonly summary: string;
  /** Paragraphs. */
  readonly description: readonly string[];
  /** What stands behind the name: `[options] <repository>`. */
  readonly usage: string;
  readonly args: readonly Term[];
  readonly options: readonly Term[];
  /** The commands of a group. */
  readonly commands: readonly Term[];
  readonly examples: readonly Example[];
  /** What else stands below the options, with its lines. */
  readonly sections: readonly Section[];
}

export interface Term {
  readonly term: string;
  readonly description: string;
}

export interface Example {
  readonly purpose: string;
  readonly command: string;
}

export interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

/** What the help says of each command, groups before their commands. */
export function referenceOf(command: Command): CommandReference[] {
  return [commandReference(command), ...command.commands.filter(isOffered).flatMap(referenceOf)];
}

function commandReference(command: Command): CommandReference {
  const help = command.createHelp();
  const sections = sectionsBelow(command);
  const { lines = [] } = sections.find(({ title }) => title === 'Examples') ?? {};
  return {
    name: commandName(command),
    summary: command.summary() || (command.description().split('\n')[0] ?? ''),
    description: command.description().split('\n\n'),
    usage: command.usage(),
    args: command.registeredArguments.map((argument) => ({
      term: argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
      description: argument.description,
    })),
    options: help.visibleOptions(command).map((option) => ({ term: help.optionTerm(option), description: option.description })),
    commands: command.commands.filter(isOffered).map((child) => ({ term: commandName(child), description: child.summary() })),
    examples: lines.flatMap((line, index) => {
      const [, purpose] = /^# (.*)$/.exec(line) ?? [];
      return purpose === undefined ? [] : [{ purpose, command: (lines[index + 1] ?? '').replace(/^\$ /, '') }];
    }),
    sections: sections.filter(({ title }) => title !== 'Examples'),
  };
}

/** The sections that a command has added to its help: a heading with a colon, and lines that are indented. */
function sectionsBelow(command: Command): Section[] {
  const events: unknown = command;
  if (!(events instanceof EventEmitter)) throw new Error('Commander does not emit its help any more.');
  let text = '';
  const write = (part: string) => {
    text += part;
  };
  events.emit('afterHelp', { error: false, command, write });
  return stripVTControlCharacters(render(text))
    .split(/^(?=\S)/m)
    .flatMap((block) => {
      const [first = '', ...lines] = block.split('\n');
      const [, title] = /^(.*):$/.exec(first) ?? [];
      return title === undefined ? [] : [{ title, lines: lines.map((line) => line.trim()).filter((line) => line !== '') }];
    });
}
