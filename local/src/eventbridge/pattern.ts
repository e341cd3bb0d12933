import * as v from 'valibot';
import { parsed } from '../stack/unsupported.ts';

/** Whether a value of an event matches a pattern. */
type Matches = (value: unknown) => boolean;

const Values = v.pipe(v.array(v.union([v.string(), v.number(), v.boolean(), v.null()])), v.minLength(1));
const Pattern = v.pipe(
  v.record(v.string(), v.unknown()),
  v.check((pattern) => Object.keys(pattern).length > 0, 'it is empty'),
);

/** Compiles an event pattern of exact values. `where` names the place in errors. Throws `UnsupportedTemplate` for any other comparison. */
export function compilePattern(pattern: unknown, where: string): Matches {
  const members = Object.entries(parsed(Pattern, pattern, where)).map(
    ([name, member]) => [name, (Array.isArray(member) ? compileValues : compilePattern)(member, `${where}.${name}`)] as const,
  );
  return (value) => isRecord(value) && members.every(([name, matches]) => Object.hasOwn(value, name) && matches(value[name]));
}

/** A list of the event matches if one of its members does. */
function compileValues(list: unknown, where: string): Matches {
  const values: readonly unknown[] = parsed(Values, list, where);
  return (value) => (Array.isArray(value) ? value : [value]).some((one) => values.includes(one));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
