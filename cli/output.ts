import { randomInt } from 'node:crypto';
import { styleText } from 'node:util';
import { escapeUnprintable } from '../core/printable.ts';

/** What a stream writes to in the end: a terminal, a file, a pipe. */
export type Destination = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/**
 * A stream that a person or a program reads. Whatever is written to it, and wherever that comes from, a terminal shows it: of what a
 * terminal would obey only line breaks and the colors of paint() stay.
 */
export interface Stream {
  readonly isTTY: boolean;
  /** How wide a terminal is. */
  readonly columns: number | undefined;
  write(text: string): void;
  /** For what draws on a terminal, as a spinner and a prompt do. What it is given of others has to go through `render`. */
  readonly destination: Destination;
}

/** Where a command writes to. */
export interface Output {
  /** The result goes to stdout as one JSON object, everything for people to stderr. */
  readonly json: boolean;
  /** The result is filtered with --jq: an error in words does not mix with its outputs. */
  readonly filtered?: boolean;
  readonly stdout: Stream;
  readonly stderr: Stream;
}

/** A stream that shows what it is given, and obeys none of it. */
export function streamTo(destination: Destination): Stream {
  return {
    isTTY: destination.isTTY === true,
    columns: destination.columns,
    write(text) {
      destination.write(render(text));
    },
    destination,
  };
}

/** The stream that shows what is going on: with --json, stdout is for the result alone. */
export function progressOf({ json, stdout, stderr }: Output): Stream {
  return json ? stderr : stdout;
}

/** Whether lines on the stream may be drawn again, as a spinner does. */
export function isInteractive(stream: Stream, variables: NodeJS.ProcessEnv): boolean {
  return stream.isTTY && !variables.CI && variables.TERM !== 'dumb';
}

/** Says what did not work although the command goes on. */
export function warn({ stderr }: Output, message: string): void {
  stderr.write(`${paint(stderr, 'yellow', '!')} ${message}\n`);
}

type Format = Parameters<typeof styleText>[0];

// Until it is written, a color of ours has this number in it, which no record, message or argument can know.
const mark = randomInt(1e12, 1e13);
const ourColor = new RegExp(`${'\x1b'}\\[${mark};([\\d;]+m)`);

/** Colors a text on one line where the stream's reader sees colors; NO_COLOR and FORCE_COLOR decide otherwise. */
export function paint(stream: Stream, format: Format, text: string): string {
  return painted(oneLine(text), (sample) => styleText(format, sample, { stream: stream.destination }));
}

/** Colors a text of the help. Commander takes the color away again where its reader sees none. */
export function paintHelp(format: Format, text: string): string {
  return painted(text, (sample) => styleText(format, sample, { validateStream: false }));
}

function painted(text: string, style: (sample: string) => string): string {
  const [before = '', after = ''] = style('|').split('|');
  const marked = (codes: string) => codes.replaceAll('\x1b[', `\x1b[${mark};`);
  return `${marked(before)}${text}${marked(after)}`;
}

/** A text as a terminal may be given it: line breaks and our own colors, and all else that it would obey as JSON writes it. */
export function render(text: string): string {
  return escapeAllButColors(text.replaceAll('\r\n', '\n'), { kept: '\n', color: '\x1b[' });
}

/** A text on one line: what comes from a record or from AWS cannot begin another one, which would look like ours. */
export function oneLine(text: string): string {
  return escapeAllButColors(text, { kept: '', color: `\x1b[${mark};` });
}

/** A line whose values, wherever they come from, stay on it: `line\`The environment ${repository} is ${owner}'s.\``. */
export function line(words: TemplateStringsArray, ...values: readonly string[]): string {
  return words.map((word, index) => word + oneLine(values[index] ?? '')).join('');
}

/** Lines that somebody else may have written, set off from ours. */
export function indent(text: string): string {
  return text
    .split('\n')
    .map((each) => (each === '' ? '' : `  ${each}`))
    .join('\n');
}

function escapeAllButColors(text: string, { kept, color }: { readonly kept: string; readonly color: string }): string {
  // What the pattern's group has matched stands between the texts.
  const parts = text.split(ourColor);
  return parts.map((part, index) => (index % 2 === 0 ? escapeUnprintable(part, kept) : `${color}${part}`)).join('');
}

/** Names and values, a line each, the values below each other. */
export function table(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${oneLine(value)}\n`).join('');
}

/** Rows below their headings, each column as wide as its longest cell. */
export function columns(headings: readonly string[], rows: readonly (readonly string[])[], style: (heading: string) => string): string {
  const shown = rows.map((row) => row.map(oneLine));
  const widths = headings.map((heading, column) => Math.max(heading.length, ...shown.map((row) => row[column]?.length ?? 0)));
  const lineOf = (cells: readonly string[], dress = (text: string) => text) =>
    `${cells
      .map((cell, column) => dress(column === cells.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd()}\n`;
  return lineOf(headings, style) + shown.map((row) => lineOf(row)).join('');
}

/** Writes the one JSON value that --json promises: the data as they are, in characters that a terminal shows. */
export function writeJson({ stdout }: Output, value: unknown): void {
  stdout.write(`${escapeUnprintable(JSON.stringify(value, null, 2), '\n')}\n`);
}

/** Writes a text that --jq has made: its tabs separate columns. */
export function writeText({ stdout }: Output, text: string): void {
  stdout.destination.write(`${escapeUnprintable(text, '\n\t')}\n`);
}
