import { oneOf } from './one-of.ts';

/** The editors that can open an environment, by the names of their commands; `idea` stands for JetBrains. */
export const editors = ['code', 'cursor', 'windsurf', 'zed', 'idea', 'none'] as const;
export type Editor = (typeof editors)[number];

/**
 * Reads the name of an editor.
 *
 * @param source what it was given for, such as `--editor`
 * @throws RecodeError UsageNotValid
 */
export const parseEditor = (text: string, source: string): Editor => oneOf(editors, text, source);
