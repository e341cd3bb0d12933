import { NormalizedSchema } from '@smithy/core/schema';
import { AwsFailure } from '../service.ts';

/** The API version of the model. */
export const apiVersion = '2016-11-15';

/** An operation in the model of `@aws-sdk/client-ec2`. */
export interface OperationModel {
  readonly action: string;
  readonly input: NormalizedSchema;
  readonly output: NormalizedSchema;
}

/** A Query request. Its parameters are without `Action` and `Version`. */
export interface Query {
  readonly action: string | undefined;
  readonly version: string | undefined;
  readonly parameters: Parameter;
}

/** One level of the parameters of a Query request: `A.1.B=v` is B with the value v, below 1, below A. */
interface Parameter {
  value?: string;
  readonly below: Map<string, Parameter>;
}

/** A decoded request, in the shape of the SDK's input. */
export type Decoded = Record<string, unknown>;

type SchemaRef = Parameters<typeof NormalizedSchema.of>[0];

/** The static schema of an operation in the SDK: `[9, namespace, name, traits, input, output]`. */
export type OperationSchema = readonly [number, string, string, unknown, SchemaRef, SchemaRef];

/** The model of an action from its schema. */
export function readSchema(action: string, [, , , , input, output]: OperationSchema): OperationModel {
  return { action, input: NormalizedSchema.of(input), output: NormalizedSchema.of(output) };
}

/** Parses the flat pairs of a Query request. Throws `InvalidParameterValue` for a duplicate. */
export function readQuery(pairs: URLSearchParams): Query {
  const parameters: Parameter = { below: new Map() };
  for (const [name, value] of pairs) {
    let at = parameters;
    for (const part of name.split('.')) at = child(at, part);
    if (at.value !== undefined) throw new AwsFailure('InvalidParameterValue', `The parameter ${name} was given more than once.`);
    at.value = value;
  }
  const action = parameters.below.get('Action')?.value;
  const version = parameters.below.get('Version')?.value;
  parameters.below.delete('Action');
  parameters.below.delete('Version');
  return { action, version, parameters };
}

/**
 * Decodes the parameters of a request to the SDK's input. Throws `UnknownParameter`, `InvalidParameterValue`, and `MissingParameter` for
 * parameters that the model requires.
 */
export function decode(operation: OperationModel, query: Query): Decoded {
  return decodeStructure(operation.input, query.parameters, '');
}

/** The content of an answer: everything except the request ID. */
export function encodeOutput(operation: OperationModel, output: object): string {
  // AWS answers `true` if the output has no members.
  if (!operation.output.isStructSchema()) return '<return>true</return>';
  return encode(operation.output, output, operation.action);
}

/** The XML document of a success. */
export function successDocument(action: string, requestId: string, content: string): string {
  return `${declaration}<${action}Response xmlns="http://ec2.amazonaws.com/doc/${apiVersion}/"><requestId>${requestId}</requestId>${content}</${action}Response>`;
}

/** The XML document of a failure. */
export function failureDocument(failure: AwsFailure, requestId: string): string {
  const error = `<Error><Code>${escaped(failure.code)}</Code><Message>${escaped(failure.message)}</Message></Error>`;
  return `${declaration}<Response><Errors>${error}</Errors><RequestID>${requestId}</RequestID></Response>`;
}

/** The name of a member in a request. The SDK may have a different name, for example `TagSpecifications`. */
export function requestName(name: string, member: NormalizedSchema): string {
  const traits = member.getMergedTraits();
  const wireName = traits.ec2QueryName ?? traits.xmlName ?? name;
  return traits.ec2QueryName === undefined ? capitalized(String(wireName)) : String(wireName);
}

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

function child(parameter: Parameter, name: string): Parameter {
  const known = parameter.below.get(name);
  if (known) return known;
  const made: Parameter = { below: new Map() };
  parameter.below.set(name, made);
  return made;
}

function decodeValue(schema: NormalizedSchema, parameter: Parameter, path: string): unknown {
  if (schema.isStructSchema()) return decodeStructure(schema, parameter, path);
  if (schema.isListSchema()) return decodeList(schema, parameter, path);
  if (parameter.below.size > 0 || parameter.value === undefined) throw invalid(path, parameter.value);
  return decodeScalar(schema, parameter.value, path);
}

function decodeStructure(schema: NormalizedSchema, parameter: Parameter, path: string): Decoded {
  if (parameter.value !== undefined) throw invalid(path, parameter.value);
  const decoded: Decoded = {};
  const left = new Map(parameter.below);
  const missing: string[] = [];
  const required = requiredMembers(schema);
  for (const [name, member] of schema.structIterator()) {
    const wireName = requestName(name, member);
    const given = left.get(wireName);
    left.delete(wireName);
    if (given) decoded[name] = decodeValue(member, given, below(path, wireName));
    else if (required.has(name)) missing.push(below(path, wireName));
  }
  // First, because an unknown name is probably a misspelling of a missing one.
  for (const name of left.keys()) throw new AwsFailure('UnknownParameter', `The parameter ${below(path, name)} is not recognized`);
  if (missing.length > 0) throw new AwsFailure('MissingParameter', `The request must contain the parameter ${missing[0]}`);
  return decoded;
}

function decodeList(schema: NormalizedSchema, parameter: Parameter, path: string): unknown[] {
  const items = [...parameter.below].sort(([a], [b]) => Number(a) - Number(b));
  if (parameter.value !== undefined || items.length === 0) throw invalid(path, parameter.value);
  return items.map(([index, item], at) => {
    if (index !== String(at + 1)) throw new AwsFailure('UnknownParameter', `The parameter ${below(path, index)} is not recognized`);
    return decodeValue(schema.getValueSchema(), item, below(path, index));
  });
}

function decodeScalar(schema: NormalizedSchema, value: string, path: string): unknown {
  if (schema.isBooleanSchema()) {
    if (value !== 'true' && value !== 'false') throw invalid(path, value);
    return value === 'true';
  }
  if (schema.isNumericSchema()) {
    if (!/^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)) throw invalid(path, value);
    return Number(value);
  }
  if (schema.isTimestampSchema()) {
    const date = new Date(value);
    if (Number.isNaN(date.getTime())) throw invalid(path, value);
    return date;
  }
  if (schema.isBlobSchema()) {
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value)) throw invalid(path, value);
    return new Uint8Array(Buffer.from(value, 'base64'));
  }
  return value;
}

/** The schema of a structure has its required members first, and their number, which its type does not show. */
function requiredMembers(schema: NormalizedSchema): Set<string> {
  const [, , , , names, , count] = schema.getSchema() as unknown as [number, string, string, unknown, string[], unknown, number?];
  return new Set(names.slice(0, count ?? 0));
}

function encode(schema: NormalizedSchema, value: unknown, path: string): string {
  if (schema.isStructSchema()) return encodeStructure(schema, value, path);
  if (schema.isListSchema()) return encodeList(schema, value, path);
  if (schema.isTimestampSchema()) {
    if (!(value instanceof Date)) throw mismatch(path, 'Date');
    return value.toISOString();
  }
  if (schema.isBlobSchema()) {
    if (!(value instanceof Uint8Array)) throw mismatch(path, 'Uint8Array');
    return Buffer.from(value).toString('base64');
  }
  const type = schema.isBooleanSchema() ? 'boolean' : schema.isNumericSchema() ? 'number' : 'string';
  if (typeof value !== type) throw mismatch(path, type);
  return escaped(String(value));
}

function encodeStructure(schema: NormalizedSchema, value: unknown, path: string): string {
  if (typeof value !== 'object' || value === null) throw mismatch(path, 'structure');
  const left = new Map(Object.entries(value));
  let xml = '';
  for (const [name, member] of schema.structIterator()) {
    const given: unknown = left.get(name);
    left.delete(name);
    if (given === undefined) continue;
    const tag = String(member.getMergedTraits().xmlName ?? name);
    xml += `<${tag}>${encode(member, given, below(path, name))}</${tag}>`;
  }
  const unknown = [...left.keys()].map((name) => below(path, name));
  if (unknown.length > 0) throw new TypeError(`The model has no ${unknown.join(', ')}.`);
  return xml;
}

function encodeList(schema: NormalizedSchema, value: unknown, path: string): string {
  if (!Array.isArray(value)) throw mismatch(path, 'list');
  const item = schema.getValueSchema();
  const tag = String(item.getMergedTraits().xmlName ?? 'member');
  return value.map((element, index) => `<${tag}>${encode(item, element, `${path}[${index}]`)}</${tag}>`).join('');
}

/** An output that does not match the model is a bug of its operation. */
function mismatch(path: string, type: string): TypeError {
  return new TypeError(`The model wants a ${type} at ${path}.`);
}

function invalid(path: string, value: string | undefined): AwsFailure {
  return new AwsFailure('InvalidParameterValue', `Value (${value ?? ''}) for parameter ${path} is invalid.`);
}

// XML parsers read a carriage return as a line feed unless it is escaped.
function escaped(text: string): string {
  return text.replace(/[&<>"'\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function below(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
