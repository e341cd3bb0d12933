import { AwsFailure } from '../service.ts';
import { type Json, type ParameterType, type ParameterTypes, parametersOf } from './engine.ts';

/** Throws `AwsFailure` for an unsupported action, and for a parameter, at any depth, that would have no effect. */
export function refuseUnsupported(action: string, input: Json): void {
  const types = parametersOf(action);
  if (!types) throw unsupported(action);
  refuseUnknown(action, '', input, types);
}

/** The refusal of something that DynamoDB supports and the embedded one does not. AWS does not use its code. */
export function unsupported(what: string): AwsFailure {
  return new AwsFailure('UnsupportedOperationException', `The embedded DynamoDB does not support ${what}.`);
}

// These values have no effect on AWS either.
const defaults: Json = {
  ReturnValuesOnConditionCheckFailure: 'NONE',
  ReturnItemCollectionMetrics: 'NONE',
  DeletionProtectionEnabled: false,
  TableClass: 'STANDARD',
};

// Dynalite accepts it, but returns no metrics.
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
  // Dynalite validates attribute values. It knows all their types.
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
