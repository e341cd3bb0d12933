import type { Writable } from 'node:stream';
import { styleText } from 'node:util';

/** A stream that a person or a program reads. */
export type Stream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Where a command writes to. */
export interface Output {
  /** The result goes to stdout as one JSON object, everything for people to stderr. */
  readonly json: boolean;
  readonly stdout: Stream;
  readonly stderr: Stream;
}

/** The stream that shows what is going on: with --json, stdout is for the result alone. */
export function progressOf({ json, stdout, stderr }: Output): Stream {
  return json ? stderr : stdout;
}

/** Whether lines on the stream may be drawn again, as a spinner does. */
export function isInteractive(stream: Stream, environment: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && !environment.CI && environment.TERM !== 'dumb';
}

/** Colours a text where the stream's reader sees colours; NO_COLOR and FORCE_COLOR decide otherwise. */
export function paint(stream: Stream, format: Parameters<typeof styleText>[0], text: string): string {
  return styleText(format, text, { stream });
}

/** Names and values, a line each, the values below each other. */
export function table(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}\n`).join('');
}

/** Rows below their headings, each column as wide as its longest cell. */
export function columns(headings: readonly string[], rows: readonly (readonly string[])[], style: (heading: string) => string): string {
  const widths = headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[], dress = (text: string) => text) =>
    `${cells
      .map((cell, column) => dress(column === cells.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd()}\n`;
  return line(headings, style) + rows.map((row) => line(row)).join('');
}

/** Writes the one JSON value that --json promises. */
export function writeJson({ stdout }: Output, value: unknown): void {
  stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
