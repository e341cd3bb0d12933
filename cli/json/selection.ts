import { RecodeError } from '../../core/errors.ts';
import { line, type Output, writeJson, writeText } from '../output.ts';
import type { JqFilter } from './jq.ts';
import type { JsonFlags } from './options.ts';

/** What of a command's JSON is asked for. */
export interface JsonSelection {
  /** Undefined for all of them. */
  readonly fields: readonly string[] | undefined;
  /** A jq expression. */
  readonly expression: string | undefined;
  /** All fields that there are. */
  readonly available: readonly string[];
}

/**
 * Reads what of a command's JSON is asked for.
 *
 * @param available the fields that there are
 * @throws RecodeError UsageNotValid
 */
export function parseSelection({ json, jq }: JsonFlags, output: Output, available: readonly string[]): JsonSelection {
  if (jq !== undefined && !output.json) {
    throw new RecodeError('UsageNotValid', '--jq needs --json.');
  }
  return { fields: typeof json === 'string' ? parseFields(json, available) : undefined, expression: jq, available };
}

function parseFields(text: string, available: readonly string[]): readonly string[] {
  const fields = text.split(',').map((field) => field.trim());
  for (const field of fields) {
    if (available.includes(field)) continue;
    throw new RecodeError('UsageNotValid', line`Unknown JSON field '${field}'. Available fields: ${available.join(', ')}.`);
  }
  return fields;
}

/** Writes a command's result as JSON: an object, or an array of them. */
export type ResultWriter = (result: object | readonly object[]) => Promise<void>;

/**
 * Makes what writes the result. With --jq, each output of the expression is on lines of its own: a text as it is, null as an empty line, and
 * all else as JSON.
 *
 * @throws RecodeError UsageNotValid for an expression that is not valid
 */
export async function openResultWriter(output: Output, { fields, expression, available }: JsonSelection): Promise<ResultWriter> {
  const filter = expression === undefined ? undefined : await loadFilter(expression);
  return async (result) => {
    const chosen = fields ? pick(result, fields) : result;
    if (filter) {
      for (const value of await filter.run(chosen)) writeText(output, textOf(value, output));
      return;
    }
    writeJson(output, chosen);
    if (!fields && output.stdout.isTTY) output.stderr.write(`\nFor some fields only, use --json=<fields>: ${available.join(', ')}\n`);
  };
}

/** jq is loaded for those who use it. */
async function loadFilter(expression: string): Promise<JqFilter> {
  const { openJq } = await import('./jq.ts');
  return openJq(expression);
}

function pick(result: object | readonly object[], fields: readonly string[]): unknown {
  if (Array.isArray(result)) return result.map((one: object) => pick(one, fields));
  const values = result as Readonly<Record<string, unknown>>;
  return Object.fromEntries(fields.map((field) => [field, values[field] ?? null]));
}

function textOf(value: unknown, { stdout }: Output): string {
  if (typeof value === 'string') return value;
  if (value === null) return '';
  return JSON.stringify(value, null, stdout.isTTY ? 2 : undefined);
}
