import * as v from 'valibot';

/** The packaged stack has something that the embedded AWS does not support, or that AWS would refuse. */
export class UnsupportedTemplate extends Error {
  override readonly name = 'UnsupportedTemplate';

  constructor(
    readonly where: string,
    reason: string,
  ) {
    super(`The packaged stack cannot be read at ${where}: ${reason}.`);
  }
}

/** Parses a part of the template. `where` names the part in errors. Throws `UnsupportedTemplate` for the first problem. */
export function parsed<S extends v.GenericSchema>(schema: S, value: unknown, where: string): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  const reason = issue.expected === 'never' ? 'the embedded AWS does not support it' : issue.message;
  throw new UnsupportedTemplate(path === null ? where : `${where}.${path}`, reason);
}

/** Throws `UnsupportedTemplate` for a text of the template that is not JSON. */
export function requireJson(text: string, where: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    throw new UnsupportedTemplate(where, `not JSON: ${(error as Error).message}`);
  }
}
