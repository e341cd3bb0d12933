import * as v from 'valibot';

/** One value or a list of values, which policies allow in many places. */
export function oneOrMore<S extends v.GenericSchema>(schema: S) {
  return v.pipe(
    v.unknown(),
    v.transform((value) => [value].flat()),
    v.array(schema),
    v.minLength(1),
  );
}
