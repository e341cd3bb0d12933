import { AwsFailure } from '../service.ts';
import type { Action, Operation } from './operation.ts';
import type { Decoded } from './wire.ts';

/** What a handler's table says of its parameters, whatever the action. */
type HonourTable = Readonly<Record<string, true | readonly unknown[] | undefined>>;

/** Refuses as unsupported each parameter, and each value of a parameter, that the model knows and the action's table does not list. */
export function checkHonoured(action: string, operation: Operation<Action>, input: Decoded): void {
  const table: HonourTable = { ...operation.honours, DryRun: true, ...(operation.idempotent && { ClientToken: true }) };
  for (const { path, value } of scalars(input, '')) {
    const honoured = Object.hasOwn(table, path) ? table[path] : undefined;
    if (honoured === true || (Array.isArray(honoured) && honoured.includes(value))) continue;
    const refused = honoured ? `the value ${value} of the parameter ${path}` : `the parameter ${path}`;
    throw new AwsFailure('UnsupportedOperation', `The embedded AWS does not support ${refused} of ${action}.`);
  }
}

function* scalars(value: unknown, path: string): Generator<{ path: string; value: unknown }> {
  if (Array.isArray(value)) for (const item of value) yield* scalars(item, path);
  else if (typeof value === 'object' && value !== null && !(value instanceof Date) && !(value instanceof Uint8Array))
    for (const [name, member] of Object.entries(value)) yield* scalars(member, path === '' ? name : `${path}.${name}`);
  else yield { path, value };
}
