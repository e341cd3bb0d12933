import type * as v from 'valibot';

/** The schemas of what a step takes from the state document and of its result. */
export interface Contract<Input extends v.GenericSchema, Output extends OutputFor<Input>> {
  readonly input: Input;
  readonly output: Output;
}

/** The schema of a step's result, or one schema for each `kind` of its input if several workflows share the step. */
export type OutputFor<Input extends v.GenericSchema> =
  | v.GenericSchema
  | ([KindOf<Input>] extends [never] ? never : Readonly<Record<KindOf<Input>, v.GenericSchema>>);

type KindOf<Input extends v.GenericSchema> = v.InferOutput<Input> extends { readonly kind: infer Kind extends string } ? Kind : never;

type SchemaOf<Output> = Output extends v.GenericSchema ? Output : Output[keyof Output] & v.GenericSchema;

/** What `run` may return. In the SDK's types any field of an answer may be missing. Parsing refuses a result that misses one. */
export type Unparsed<Output> = FieldsMaybeMissing<v.InferInput<SchemaOf<Output>>>;

type FieldsMaybeMissing<Value> = Value extends object ? { readonly [Key in keyof Value]: Value[Key] | undefined } : Value;

/** The schema of a step's result for this input. */
export function outputSchema<Input extends v.GenericSchema, Output extends OutputFor<Input>>(
  { output }: Contract<Input, Output>,
  input: v.InferOutput<Input>,
): v.GenericSchema {
  if (isSchema(output)) return output;
  // The types ensure one schema for each kind.
  const byKind = output as Readonly<Record<string, v.GenericSchema>>;
  return byKind[(input as { readonly kind: string }).kind] as v.GenericSchema;
}

const isSchema = (output: v.GenericSchema | Readonly<Record<string, v.GenericSchema>>): output is v.GenericSchema => '~standard' in output;
