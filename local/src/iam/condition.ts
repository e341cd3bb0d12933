import * as v from 'valibot';
import { oneOrMore, parsed } from '../stack/parsed.ts';
import { UnsupportedTemplate } from '../stack/template.ts';
import { arnWildcard, wildcard } from './wildcard.ts';

/** The values of a condition key (in lower case) in a request; undefined where the request does not bear it. */
export type Keys = (key: string) => readonly string[] | undefined;

/** A statement's Condition block, compiled. */
export interface Conditions {
  /** The condition keys that it names, in lower case. */
  readonly names: readonly string[];
  /** Whether all of its conditions hold. */
  hold(keys: Keys): boolean;
}

const Scalar = v.union([v.string(), v.boolean(), v.number()]);
const Values = v.pipe(
  oneOrMore(Scalar),
  v.transform((values) => values.map(String)),
);
const Block = v.record(v.string(), v.record(v.string(), Values));

type Test = (given: readonly string[] | undefined) => boolean;

interface Operator {
  /** Whether a value of the request is the one that the policy names. */
  readonly matches: (wanted: string) => (given: string) => boolean;
  readonly negated?: true;
}

const equals = (wanted: string) => (given: string) => given === wanted;
const operators: Readonly<Record<string, Operator>> = {
  StringEquals: { matches: equals },
  StringNotEquals: { matches: equals, negated: true },
  StringLike: { matches: (wanted) => wildcard(wanted) },
  StringNotLike: { matches: (wanted) => wildcard(wanted), negated: true },
  ArnEquals: { matches: arnWildcard },
  ArnLike: { matches: arnWildcard },
  Bool: { matches: (wanted) => (given) => given.toLowerCase() === wanted.toLowerCase() },
};

/** Keys that may have several values at once. */
const severalValues = 'aws:tagkeys';

/** Reads a Condition block; `where` names the place in errors. Throws `UnsupportedTemplate` for an operator that is not known here. */
export function compileConditions(block: unknown, where: string): Conditions {
  const conditions = Object.entries(parsed(Block, block, where)).flatMap(([operator, byKey]) =>
    Object.entries(byKey).map(([key, wanted]) => {
      const at = `${where}.${operator}.${key}`;
      for (const value of wanted) refuseVariables(value, at);
      return { key: key.toLowerCase(), test: compileTest(operator, key.toLowerCase(), wanted, at) };
    }),
  );
  return {
    names: conditions.map(({ key }) => key),
    hold: (keys) => conditions.every(({ key, test }) => test(keys(key))),
  };
}

/** Throws `UnsupportedTemplate` for a text with a policy variable, whose value nobody here would fill in. */
export function refuseVariables(text: string, where: string): void {
  const [variable] = /\$\{[^}]*\}/.exec(text) ?? [];
  if (variable) throw new UnsupportedTemplate(where, `the embedded AWS does not resolve the policy variable ${variable}`);
}

function compileTest(name: string, key: string, wanted: readonly string[], where: string): Test {
  if (name === 'Null') return nullTest(wanted, where);
  const [, quantifier, base = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(name) ?? [];
  const operator = Object.hasOwn(operators, base) ? operators[base] : undefined;
  if (!operator) throw new UnsupportedTemplate(where, `the embedded AWS does not know the condition operator ${name}`);
  if (key === severalValues && !quantifier)
    throw new UnsupportedTemplate(where, 'a key with several values needs ForAllValues: or ForAnyValue: before the operator');
  const matchers = wanted.map(operator.matches);
  const negated = operator.negated === true;
  const one = (given: string) => matchers.some((matches) => matches(given)) !== negated;
  return (given) => {
    if (quantifier === 'ForAllValues') return (given ?? []).every(one);
    if (given === undefined) return ifExists !== undefined || (negated && !quantifier);
    return given.some(one);
  };
}

/** `Null: { key: true }` holds where the request does not bear the key. */
function nullTest(wanted: readonly string[], where: string): Test {
  const [value, ...more] = wanted;
  if (more.length > 0 || (value !== 'true' && value !== 'false')) throw new UnsupportedTemplate(where, 'Null takes true or false');
  return (given) => (given === undefined) === (value === 'true');
}
