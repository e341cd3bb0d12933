import * as v from 'valibot';
import { RecodeError } from './errors.ts';
import { longestName, slug } from './names.ts';

/** A name that a person gives an environment. It is written as the names are that environments get by themselves. */
export const EnvironmentName = v.pipe(
  v.string(),
  v.nonEmpty(),
  v.check((text) => slug(text) === text, `a name of up to ${longestName} lower-case letters, digits and single hyphens`),
);

/**
 * Reads the name of an environment.
 *
 * @throws RecodeError NameNotValid
 */
export function parseName(text: string): string {
  if (v.is(EnvironmentName, text)) return text;
  const meant = slug(text);
  const example = meant === '' ? 'api-tests' : meant;
  throw new RecodeError(
    'NameNotValid',
    `Invalid name '${text}'. Use up to ${longestName} lower-case letters, digits and single hyphens, for example ${example}.`,
  );
}
