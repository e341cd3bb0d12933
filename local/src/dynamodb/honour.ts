import { AwsFailure } from '../service.ts';
import { type Json, type ParameterType, type ParameterTypes, parametersOf } from './engine.ts';

/** Refuses an action that is not served, and every parameter, at any depth, that would be ignored. Throws `AwsFailure`. */
export function refuseUnsupported(action: string, input: Json): void {
  const types = parametersOf(action);
  if (!types) throw unsupported(action);
  refuseUnknown(action, '', input, types);
}

/** The refusal of what DynamoDB does and we do not; AWS has no such code, so nobody takes it for an answer of AWS. */
export function unsupported(what: string): AwsFailure {
  return new AwsFailure('UnsupportedOperationException', `The embedded DynamoDB does not support ${what}.`);
}

// What these values ask for happens anyway.
const defaults: Json = {
  ReturnValuesOnConditionCheckFailure: 'NONE',
  ReturnItemCollectionMetrics: 'NONE',
  DeletionProtectionEnabled: false,
  TableClass: 'STANDARD',
};

// dynalite accepts it and returns no metrics.
const ignored = new Set(['ReturnItemCollectionMetrics']);

function refuseUnknown(action: string, path: string, value: unknown, types: ParameterTypes): void {
  if (!isObject(value)) return;
  for (const [name, given] of Object.entries(value)) {
    if (given === null || (name in defaults && defaults[name] === given)) continue;
    const type = types[name];
    if (type === undefined || ignored.has(name)) throw unsupported(`${path}${name} in ${action}`);
    refuseWithin(action, `${path}${name}`, given, type);
  }
}

function refuseWithin(action: string, path: string, value: unknown, type: string | ParameterType): void {
  // Attribute values are checked by dynalite, which knows all of their types.
  if (typeof type === 'string' || typeof type.children !== 'object') return;
  if (/^(Field|Value)Struct</.test(type.type)) {
    refuseUnknown(action, `${path}.`, value, type.children as ParameterTypes);
    return;
  }
  const members = isObject(value) ? Object.values(value) : [];
  for (const member of members) refuseWithin(action, path, member, type.children as ParameterType);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
