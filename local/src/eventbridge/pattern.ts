import * as v from 'valibot';
import { oneOrMore, parsed } from '../stack/parsed.ts';

/** Whether a value of an event is one that a pattern asks for; undefined where the event has none. */
type Matches = (value: unknown) => boolean;

const Scalar = v.union([v.string(), v.number(), v.boolean(), v.null()]);
const Prefix = v.strictObject({ prefix: v.string() });
const AnythingBut = v.strictObject({ 'anything-but': v.union([Prefix, oneOrMore(v.union([v.string(), v.number()]))]) });
const Matchers = v.pipe(v.array(v.union([Scalar, Prefix, AnythingBut])), v.minLength(1));
const Pattern = v.pipe(
  v.record(v.string(), v.unknown()),
  v.check((pattern) => Object.keys(pattern).length > 0, 'it is empty'),
);

/**
 * Reads an event pattern of exact values, `prefix` and `anything-but`; `where` names the place in errors.
 * Throws `UnsupportedTemplate` for what AWS would refuse and for other comparisons, which are not made here.
 */
export function compilePattern(pattern: unknown, where: string): Matches {
  const members = Object.entries(parsed(Pattern, pattern, where)).map(
    ([name, member]) => [name, (Array.isArray(member) ? compileMatchers : compilePattern)(member, `${where}.${name}`)] as const,
  );
  return (value) => isRecord(value) && members.every(([name, matches]) => Object.hasOwn(value, name) && matches(value[name]));
}

/** A list matches when one of its members does. */
function compileMatchers(list: unknown, where: string): Matches {
  const matchers = parsed(Matchers, list, where).map(compileMatcher);
  return (value) => (Array.isArray(value) ? value : [value]).some((one) => matchers.some((matches) => matches(one)));
}

function compileMatcher(matcher: v.InferOutput<typeof Matchers>[number]): Matches {
  if (typeof matcher !== 'object' || matcher === null) return (value) => value === matcher;
  if ('prefix' in matcher) return startsWith(matcher.prefix);
  const excluded = matcher['anything-but'];
  if (!Array.isArray(excluded)) {
    const isExcluded = startsWith(excluded.prefix);
    return (value) => !isExcluded(value);
  }
  return (value) => !excluded.some((one) => one === value);
}

const startsWith =
  (prefix: string): Matches =>
  (value) =>
    typeof value === 'string' && value.startsWith(prefix);

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
