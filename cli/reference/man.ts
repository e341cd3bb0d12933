import { environmentVariables } from './environment-variables.ts';
import { exitCodeMeanings } from './exit-codes.ts';
import { plain } from './plain.ts';
import type { CommandReference, Term } from './reference.ts';

/** A page of the manual. */
export interface ManPage {
  /** `recode-aws-start.1` */
  readonly file: string;
  readonly text: string;
}

/**
 * The manual page of each command, as man(7) wants it.
 *
 * @param date of the build: 2026-01-31
 */
export function manPages(commands: readonly CommandReference[], version: string, date: string): ManPage[] {
  return commands.map((command) => ({
    file: `${pageName(command.name)}.1`,
    text: `${[header(command, version, date), ...body(command, commands)].join('\n')}\n`,
  }));
}

const pageName = (name: string) => name.replaceAll(' ', '-');

function header({ name }: CommandReference, version: string, date: string): string {
  return `.\\" Made from the help of the command; do not edit.\n.TH ${pageName(name).toUpperCase()} 1 ${date} "recode ${version}" "Recode Manual"`;
}

function body(command: CommandReference, all: readonly CommandReference[]): string[] {
  const { name, summary, usage, description, args, options, commands, examples, sections } = command;
  const root = name === 'recode';
  return [
    '.SH NAME',
    `${pageName(name)} \\- ${text(summary.replace(/\.$/, ''))}`,
    '.SH SYNOPSIS',
    `\\fB${text(name)}\\fR ${text(usage)}`,
    '.SH DESCRIPTION',
    description.map(filled).join('\n.PP\n'),
    ...list('COMMANDS', root ? leaves(all) : commands),
    ...list('ARGUMENTS', args),
    ...list('OPTIONS', options),
    ...sections
      .filter(({ title }) => !root || !generated.includes(title))
      .flatMap(({ title, lines }) => [`.SH ${quoted(title.toUpperCase())}`, '.nf', ...lines.map(line), '.fi']),
    ...(root ? rootSections() : []),
    ...(examples.length === 0 ? [] : ['.SH EXAMPLES', ...examples.flatMap(example)]),
    '.SH SEE ALSO',
    seeAlso(command, all),
  ];
}

// What the help of recode itself only points to, or has in short.
const generated: readonly string[] = ['Environment variables', 'Exit codes', 'Help topics', 'Learn more'];

const leaves = (all: readonly CommandReference[]): Term[] =>
  all.filter(({ commands }) => commands.length === 0).map(({ name, summary }) => ({ term: name, description: summary }));

function rootSections(): string[] {
  return [
    ...list(
      'ENVIRONMENT',
      environmentVariables.map(({ names, meaning }) => ({ term: names.join(', '), description: plain(meaning) })),
    ),
    ...list(
      'EXIT STATUS',
      exitCodeMeanings.map(([code, meaning]) => ({ term: String(code), description: plain(meaning) })),
    ),
  ];
}

function list(title: string, terms: readonly Term[]): string[] {
  if (terms.length === 0) return [];
  return [`.SH ${quoted(title)}`, ...terms.flatMap(({ term, description }) => ['.TP', `\\fB${text(term)}\\fR`, filled(description)])];
}

const example = ({ purpose, command }: CommandReference['examples'][number], index: number) => [
  // The heading begins a paragraph too.
  ...(index === 0 ? [] : ['.PP']),
  line(`${purpose}:`),
  '.PP',
  '.RS 4',
  '.nf',
  line(command),
  '.fi',
  '.RE',
];

/** The pages of the group that a command is in, and of the commands of a group. */
function seeAlso({ name, commands }: CommandReference, all: readonly CommandReference[]): string {
  const group = all.filter((other) => name.startsWith(`${other.name} `)).map((other) => other.name);
  const pages = [...group, ...commands.map(({ term }) => term)].map((page) => `.BR ${pageName(page)} (1)`);
  return pages.map((page, index) => (index === pages.length - 1 ? page : `${page},`)).join('\n');
}

/** A text that man(1) fills, in lines that are short enough to read here too. */
function filled(value: string): string {
  const lines = value.match(/\S.{0,70}(?=\s|$)/g) ?? [];
  return lines.map(line).join('\n');
}

/** A text that begins a line, where a dot or an apostrophe would begin a request. */
const line = (value: string) => text(value).replace(/^(?=[.'])/gm, '\\&');

/** Backslashes, hyphens that are to stay what they are because people copy them, and what is not ASCII. */
const text = (value: string) =>
  value
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/[^\0-\x7f]/gu, (character) => `\\[u${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`);

const quoted = (title: string) => (title.includes(' ') ? `"${title}"` : title);
