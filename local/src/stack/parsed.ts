import * as v from 'valibot';
import { UnsupportedTemplate } from './template.ts';

/**
 * A part of the template as its schema has it; `where` names the part in errors. Throws `UnsupportedTemplate` for the first thing
 * that is wrong.
 */
export function parsed<S extends v.GenericSchema>(schema: S, value: unknown, where: string): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  throw new UnsupportedTemplate(path === null ? where : `${where}.${path}`, issue.message);
}

/** One value or a list of some, as policies have it in many places. */
export function oneOrMore<S extends v.GenericSchema>(schema: S) {
  return v.pipe(
    v.unknown(),
    v.transform((value) => [value].flat()),
    v.array(schema),
    v.minLength(1),
  );
}
