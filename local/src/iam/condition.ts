import * as v from 'valibot';
import { parsed, UnsupportedTemplate } from '../stack/unsupported.ts';
import { oneOrMore } from './policy-parts.ts';

/** The value of a condition key (in lower case) in a request, or the values of one that may have several; undefined if it does not have it. */
export type Keys = (key: string) => string | readonly string[] | undefined;

/** A compiled Condition block of a statement. */
export interface Conditions {
  /** The condition keys that it uses, in lower case. */
  readonly names: readonly string[];
  /** Whether all conditions hold. */
  hold(keys: Keys): boolean;
}

const Block = v.record(v.string(), v.record(v.string(), oneOrMore(v.string())));

/** The operators. ForAllValues also holds for a request that does not have the key. */
const operators: Readonly<Record<string, (wanted: readonly string[], value: ReturnType<Keys>) => boolean>> = {
  StringEquals: (wanted, value) => typeof value === 'string' && wanted.includes(value),
  'ForAllValues:StringEquals': (wanted, value) => [value ?? []].flat().every((one) => wanted.includes(one)),
};

/** Compiles a Condition block. `where` names the place in errors. Throws `UnsupportedTemplate` for any other operator. */
export function compileConditions(block: unknown, where: string): Conditions {
  const conditions = Object.entries(parsed(Block, block, where)).flatMap(([operator, values]) => {
    const holds = Object.hasOwn(operators, operator) ? operators[operator] : undefined;
    if (!holds) throw new UnsupportedTemplate(`${where}.${operator}`, 'the embedded AWS does not support this condition operator');
    return Object.entries(values).map(([key, wanted]) => {
      for (const value of wanted) refuseVariables(value, `${where}.${operator}.${key}`);
      return { key: key.toLowerCase(), holds: (value: ReturnType<Keys>) => holds(wanted, value) };
    });
  });
  return {
    names: conditions.map(({ key }) => key),
    hold: (keys) => conditions.every(({ key, holds }) => holds(keys(key))),
  };
}

/** Throws `UnsupportedTemplate` for a text with a policy variable. */
export function refuseVariables(text: string, where: string): void {
  const [variable] = /\$\{[^}]*\}/.exec(text) ?? [];
  if (variable) throw new UnsupportedTemplate(where, `the embedded AWS does not resolve the policy variable ${variable}`);
}
