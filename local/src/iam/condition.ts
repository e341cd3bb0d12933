import * as v from 'valibot';
import { parsed, UnsupportedTemplate } from '../stack/unsupported.ts';
import { oneOrMore } from './policy-parts.ts';

/** The value of a condition key (in lower case) in a request; undefined if the request does not have it. */
export type Keys = (key: string) => string | undefined;

/** A compiled Condition block of a statement. */
export interface Conditions {
  /** The condition keys that it uses, in lower case. */
  readonly names: readonly string[];
  /** Whether all conditions hold. */
  hold(keys: Keys): boolean;
}

const Block = v.record(v.string(), v.record(v.string(), oneOrMore(v.string())));

/** Compiles a Condition block. `where` names the place in errors. Throws `UnsupportedTemplate` for any operator except StringEquals. */
export function compileConditions(block: unknown, where: string): Conditions {
  const conditions = Object.entries(parsed(Block, block, where)).flatMap(([operator, values]) => {
    if (operator !== 'StringEquals')
      throw new UnsupportedTemplate(`${where}.${operator}`, 'the embedded AWS does not support this condition operator');
    return Object.entries(values).map(([key, wanted]) => {
      for (const value of wanted) refuseVariables(value, `${where}.${operator}.${key}`);
      return { key: key.toLowerCase(), wanted };
    });
  });
  return {
    names: conditions.map(({ key }) => key),
    hold: (keys) => conditions.every(({ key, wanted }) => wanted.some((value) => value === keys(key))),
  };
}

/** Throws `UnsupportedTemplate` for a text with a policy variable. */
export function refuseVariables(text: string, where: string): void {
  const [variable] = /\$\{[^}]*\}/.exec(text) ?? [];
  if (variable) throw new UnsupportedTemplate(where, `the embedded AWS does not resolve the policy variable ${variable}`);
}
