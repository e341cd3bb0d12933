import { environmentVariables } from './environment-variables.ts';
import { exitCodeMeanings } from './exit-codes.ts';
import type { CommandReference, Section, Term } from './reference.ts';

/** docs/commands.md: each command with its arguments, options and examples. */
export function commandsPage(commands: readonly CommandReference[]): string {
  const listed = commands.filter(({ name }) => name !== 'recode');
  const parts = [
    '<!-- Made by "npm run docs" from the help of the commands in cli/commands. Do not edit. -->',
    '# Commands',
    'This is what `--help` shows of each command. [The command line](cli.md) explains what they have in common.',
    ...listed.flatMap(partsOf),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** The parts of docs/cli.md that are made, by what they are made from. */
export function cliParts(commands: readonly CommandReference[]): Readonly<Record<string, string>> {
  return {
    'cli/commands': commandTable(commands),
    'cli/reference/exit-codes.ts': exitCodeTable(),
    'cli/reference/environment-variables.ts': variableTable(),
  };
}

const end = '<!-- end -->';

/**
 * Puts the made parts of a page between their markers: `<!-- made by "npm run docs" from … -->` and `<!-- end -->`.
 *
 * @throws Error for a part without markers
 */
export function withParts(page: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce((text, [source, part]) => {
    const begin = `<!-- made by "npm run docs" from ${source} -->\n`;
    const from = text.indexOf(begin);
    const to = text.indexOf(end, from);
    if (from < 0 || to < 0) throw new Error(`docs/cli.md needs the lines ${begin}and ${end} for what is made from ${source}.`);
    return `${text.slice(0, from)}${begin}\n${part}\n\n${text.slice(to)}`;
  }, page);
}

function partsOf({ name, description, args, options, commands, examples, sections }: CommandReference): string[] {
  return [
    `## ${name}`,
    ...description.map(wrapped),
    ...table('command', commands),
    ...table('argument', args),
    ...table('option', options),
    ...sections.flatMap(sectionParts),
    ...(examples.length === 0 ? [] : [block(examples.map(({ purpose, command }) => `# ${purpose}\n${command}`).join('\n\n'))]),
  ];
}

const sectionParts = ({ title, lines }: Section) => [`${title}:`, block(lines.join('\n'))];

const block = (code: string) => `\`\`\`\n${code}\n\`\`\``;

function table(heading: string, terms: readonly Term[]): string[] {
  if (terms.length === 0) return [];
  const rows = terms.map(({ term, description }) => `| \`${term}\` | ${cell(description)} |`);
  return [[`| ${heading} | |`, '| --- | --- |', ...rows].join('\n')];
}

const everywhere = ['--profile', '--region', '--local', '--json', '--help'];

/** The commands that do something, each with the options that are its own. */
function commandTable(commands: readonly CommandReference[]): string {
  const rows = commands
    .filter((command) => command.commands.length === 0)
    .map(({ name, args, options }) => {
      const longs = options.flatMap(({ term }) => /--[\w-]+/.exec(term)?.[0] ?? []);
      const usual = name.startsWith('recode aws ') ? everywhere : ['--json', '--help'];
      const own = longs.filter((long) => !usual.includes(long)).map((long) => `\`${long}\``);
      return `| \`${[name, ...args.map(({ term }) => term)].join(' ')}\` |${own.length === 0 ? '' : ` ${own.join(', ')}`} |`;
    });
  return ['| command | options |', '| --- | --- |', ...rows].join('\n');
}

function exitCodeTable(): string {
  return ['| code | meaning |', '| --- | --- |', ...exitCodeMeanings.map(([code, meaning]) => `| ${code} | ${meaning} |`)].join('\n');
}

function variableTable(): string {
  const rows = environmentVariables.map(({ names, meaning }) => {
    return `| ${names.map((name) => (name === '…' ? name : `\`${name}\``)).join(', ')} | ${meaning} |`;
  });
  return ['| variable | meaning |', '| --- | --- |', ...rows].join('\n');
}

/** A text of the help in a table. */
const cell = (text: string) => escaped(text).replaceAll('|', '\\|');

const escaped = (text: string) => text.replaceAll('<', '&lt;');

const widest = 120;

function wrapped(paragraph: string): string {
  const lines: string[] = [];
  for (const word of escaped(paragraph).split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || `${last} ${word}`.length > widest) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join('\n');
}
