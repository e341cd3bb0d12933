import { AwsFailure } from '../service.ts';
import type { Action, Operation } from './operation.ts';
import type { Decoded } from './wire.ts';

/** The `honors` of an operation, whatever its action. */
type HonorTable = Readonly<Record<string, true | readonly unknown[] | undefined>>;

/** Throws `UnsupportedOperation` for a parameter, or a value of one, that is in the model but not in the operation's `honors`. */
export function checkHonored(action: string, operation: Operation<Action>, input: Decoded): void {
  const table: HonorTable = { ...operation.honors, DryRun: true, ...(operation.idempotent && { ClientToken: true }) };
  for (const { path, value } of scalars(input, '')) {
    const honored = Object.hasOwn(table, path) ? table[path] : undefined;
    if (honored === true || (Array.isArray(honored) && honored.includes(value))) continue;
    const refused = honored ? `the value ${value} of the parameter ${path}` : `the parameter ${path}`;
    throw new AwsFailure('UnsupportedOperation', `The embedded AWS does not support ${refused} of ${action}.`);
  }
}

function* scalars(value: unknown, path: string): Generator<{ path: string; value: unknown }> {
  if (Array.isArray(value)) for (const item of value) yield* scalars(item, path);
  else if (typeof value === 'object' && value !== null && !(value instanceof Date) && !(value instanceof Uint8Array))
    for (const [name, member] of Object.entries(value)) yield* scalars(member, path === '' ? name : `${path}.${name}`);
  else yield { path, value };
}
