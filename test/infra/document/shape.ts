import * as v from 'valibot';

/**
 * What is known of a JSON value before it exists: that of a step's result, by the schema of its output. `nothing` is the result of a step that
 * makes none. Checks, such as a regular expression, are named by their ids.
 */
export type Shape =
  | { readonly type: 'string' | 'number' | 'boolean' | 'nothing'; readonly checks?: readonly number[] }
  | { readonly type: 'literal'; readonly value: string | number | boolean | null }
  | { readonly type: 'object'; readonly fields: Fields; readonly checks?: readonly number[] }
  | { readonly type: 'list'; readonly item: Shape; readonly atLeast?: number; readonly checks?: readonly number[] }
  | { readonly type: 'record'; readonly value: Shape; readonly checks?: readonly number[] }
  | { readonly type: 'tuple'; readonly items: readonly Shape[]; readonly checks?: readonly number[] }
  | { readonly type: 'union'; readonly options: readonly Shape[] };
export type ObjectShape = Extract<Shape, { type: 'object' }>;
export type Fields = Readonly<Record<string, Field>>;
export interface Field {
  readonly shape: Shape;
  /** Whether the field may be missing. */
  readonly optional: boolean;
}

/** What the tests read of valibot's schemas. */
interface Schema {
  readonly type: string;
  readonly entries: Readonly<Record<string, Schema>>;
  readonly options: readonly unknown[];
  readonly wrapped: Schema;
  readonly item: Schema;
  readonly value: Schema;
  readonly items: readonly Schema[];
  readonly rest: Schema;
  readonly literal: string | number | boolean;
  readonly key: string;
  readonly default?: unknown;
  readonly pipe?: readonly [Schema, ...Action[]];
}
interface Action {
  readonly kind: string;
  readonly type: string;
}

export const object = (fields: Readonly<Record<string, Shape>>): ObjectShape => ({
  type: 'object',
  fields: Object.fromEntries(Object.entries(fields).map(([name, shape]) => [name, { shape, optional: false }])),
});
export const literal = (value: string | number | boolean | null): Shape => ({ type: 'literal', value });
export const union = (options: readonly Shape[]): Shape => (options.length === 1 && options[0] ? options[0] : { type: 'union', options });

/** The shapes that a shape is one of. */
export const optionsOf = (shape: Shape): readonly Shape[] => (shape.type === 'union' ? shape.options.flatMap(optionsOf) : [shape]);

/** The shape of whatever a schema has parsed. */
export function shapeOf(schema: v.GenericSchema): Shape {
  return shape(schema as unknown as Schema);
}

function shape(schema: Schema): Shape {
  if (schema.pipe) {
    const [base, ...actions] = schema.pipe;
    return checked(shape(base), actions.map(checkOf));
  }
  switch (schema.type) {
    case 'string':
    case 'number':
    case 'boolean':
      return { type: schema.type };
    case 'void':
      return { type: 'nothing' };
    case 'literal':
      return literal(schema.literal);
    case 'picklist':
      return union((schema.options as string[]).map(literal));
    case 'nullable':
      return union([literal(null), shape(schema.wrapped)]);
    case 'array':
      return { type: 'list', item: shape(schema.item) };
    case 'record':
      return { type: 'record', value: shape(schema.value) };
    case 'tuple_with_rest':
      return { type: 'list', item: shape(schema.rest), atLeast: schema.items.length };
    case 'object':
    case 'strict_object':
      return { type: 'object', fields: Object.fromEntries(Object.entries(schema.entries).map(([name, entry]) => [name, field(entry)])) };
    case 'union':
    case 'variant':
      return union((schema.options as Schema[]).map(shape));
  }
  throw new Error(`The walk does not know what a schema of the type ${schema.type} makes.`);
}

function checked(given: Shape, checks: readonly number[]): Shape {
  if (given.type === 'union') return union(given.options.map((option) => checked(option, checks)));
  return given.type === 'literal' ? given : { ...given, checks: [...(given.checks ?? []), ...checks] };
}

function field(schema: Schema): Field {
  if (!isOptional(schema)) return { shape: shape(schema), optional: false };
  return { shape: shape(schema.wrapped), optional: schema.default === undefined };
}

const isOptional = ({ type }: Schema) => ['optional', 'exact_optional', 'nullish'].includes(type);

/** Why a schema may refuse a value of a shape: a phrase for each field that is wrong. */
export function faultsOf(schema: v.GenericSchema, given: Shape): string[] {
  return faults(schema as unknown as Schema, given, []);
}

function faults(schema: Schema, given: Shape, path: readonly string[]): string[] {
  if (given.type === 'union') return given.options.flatMap((option) => faults(schema, option, path));
  const refused = (what: string) => [`${path.join('.') || 'the document'} ${what}`];
  if (given.type === 'literal') {
    return v.is(schema as unknown as v.GenericSchema, given.value) ? [] : refused(`is ${JSON.stringify(given.value)}`);
  }
  if (schema.pipe) {
    const [base, ...actions] = schema.pipe;
    // What it makes of the value when it has taken it is no reason to refuse it.
    const checks = actions.filter(({ kind }) => kind === 'validation');
    const unchecked = checks.filter((action) => !(given.checks ?? []).includes(checkOf(action)));
    return [...faults(base, given, path), ...unchecked.flatMap(({ type }) => refused(`may fail the ${type}`))];
  }
  switch (schema.type) {
    case 'string':
    case 'number':
    case 'boolean':
      return given.type === schema.type ? [] : refused(`is of the type ${given.type}`);
    case 'nullable':
    case 'nullish':
    case 'optional':
    case 'exact_optional':
      return faults(schema.wrapped, given, path);
    case 'array':
      if (given.type === 'tuple') return itemFaults(schema.item, given.items, path);
      return given.type === 'list' ? faults(schema.item, given.item, [...path, '[]']) : refused(`is of the type ${given.type}`);
    case 'record':
      return given.type === 'record' ? faults(schema.value, given.value, [...path, '{}']) : refused(`is of the type ${given.type}`);
    case 'tuple_with_rest':
      if (given.type === 'tuple' && given.items.length >= schema.items.length) return itemFaults(schema.rest, given.items, path);
      if (given.type !== 'list') return refused(`is of the type ${given.type}`);
      if ((given.atLeast ?? 0) < schema.items.length) return refused('may have too few items');
      return faults(schema.rest, given.item, [...path, '[]']);
    case 'object':
    case 'strict_object':
      return given.type === 'object' ? objectFaults(schema, given, path) : refused(`is of the type ${given.type}`);
    case 'union':
      return optionFaults(schema.options as Schema[], given, path);
    case 'variant':
      return optionFaults(schema.options as Schema[], given, path, schema.key);
    case 'unknown':
      return [];
    case 'literal':
    case 'picklist':
      return refused(`may be another ${given.type}`);
  }
  throw new Error(`The walk does not know what a schema of the type ${schema.type} takes.`);
}

/** Those of each item of a tuple. Where a list must have some, these have the same schema as the rest. */
const itemFaults = (schema: Schema, items: readonly Shape[], path: readonly string[]) =>
  items.flatMap((item, index) => faults(schema, item, [...path, String(index)]));

function objectFaults({ type, entries }: Schema, { fields }: ObjectShape, path: readonly string[]): string[] {
  const more = type === 'strict_object' ? Object.keys(fields).filter((name) => !(name in entries)) : [];
  return [
    ...more.map((name) => `${[...path, name].join('.')} is not taken`),
    ...Object.entries(entries).flatMap(([name, entry]) => {
      const inner = [...path, name];
      const given = fields[name];
      const needed = !isOptional(entry);
      if (!given) return needed ? [`${inner.join('.')} is missing`] : [];
      return [...(given.optional && needed ? [`${inner.join('.')} may be missing`] : []), ...faults(entry, given.shape, inner)];
    }),
  ];
}

/**
 * One of the options has to take the whole shape; of a shape that is one of several, each.
 *
 * @param key tells the options of a variant apart. What is wrong is said of the option whose key fits, or else of the first.
 */
function optionFaults(options: readonly Schema[], given: Shape, path: readonly string[], key?: string): string[] {
  const found = options.map((option) => faults(option, given, path));
  if (found.some((list) => list.length === 0)) return [];
  const parts = halved(given);
  if (parts) return parts.flatMap((part) => optionFaults(options, part, path, key));
  return found.find((_, index) => hasKey(options[index], given, key)) ?? found[0] ?? [];
}

function hasKey(option: Schema | undefined, given: Shape, key: string | undefined): boolean {
  const [schema, field] = [key && option?.entries?.[key], key && given.type === 'object' && given.fields[key]];
  return Boolean(schema && field && faults(schema, field.shape, []).length === 0);
}

/** An object by the options of its first field that has any; undefined where none has. */
function halved(given: Shape): Shape[] | undefined {
  if (given.type !== 'object') return undefined;
  for (const [name, { shape, optional }] of Object.entries(given.fields)) {
    const { [name]: _, ...others } = given.fields;
    if (optional) return [{ ...given, fields: others }, withField(given, name, shape)];
    if (shape.type === 'union') return optionsOf(shape).map((option) => withField(given, name, option));
  }
  return undefined;
}

export const withField = (given: ObjectShape, name: string, shape: Shape): ObjectShape => ({
  ...given,
  fields: { ...given.fields, [name]: { shape, optional: false } },
});

const ids = new Map<Action, number>();

/** The id of a check. What a schema transforms is another value than what it takes, which no step's schema does. */
function checkOf(action: Action): number {
  if (action.kind !== 'validation') throw new Error(`The walk does not know what a ${action.kind} of the type ${action.type} makes.`);
  const id = ids.get(action) ?? ids.size;
  ids.set(action, id);
  return id;
}
