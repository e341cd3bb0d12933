import type * as v from 'valibot';

/** What a step takes of the state document, and what it makes. */
export interface Contract<Input extends v.GenericSchema, Output extends OutputFor<Input>> {
  readonly input: Input;
  readonly output: Output;
}

/** The schema of what a step makes. A step that several workflows share has one for each `kind` of its input. */
export type OutputFor<Input extends v.GenericSchema> =
  | v.GenericSchema
  | ([KindOf<Input>] extends [never] ? never : Readonly<Record<KindOf<Input>, v.GenericSchema>>);

type KindOf<Input extends v.GenericSchema> = v.InferOutput<Input> extends { readonly kind: infer Kind extends string } ? Kind : never;

type SchemaOf<Output> = Output extends v.GenericSchema ? Output : Output[keyof Output] & v.GenericSchema;

/** What a step may return. The SDK declares that any field of an answer may be missing; the schema refuses a result that lacks one. */
export type Unparsed<Output> = FieldsMaybeMissing<v.InferInput<SchemaOf<Output>>>;

type FieldsMaybeMissing<Value> = Value extends object ? { readonly [Key in keyof Value]: Value[Key] | undefined } : Value;

/** The schema of what a step makes of an input that it took. */
export function outputSchema<Input extends v.GenericSchema, Output extends OutputFor<Input>>(
  { output }: Contract<Input, Output>,
  input: v.InferOutput<Input>,
): v.GenericSchema {
  if (isSchema(output)) return output;
  // The types see to it that there is one for each kind.
  const byKind = output as Readonly<Record<string, v.GenericSchema>>;
  return byKind[(input as { readonly kind: string }).kind] as v.GenericSchema;
}

const isSchema = (output: v.GenericSchema | Readonly<Record<string, v.GenericSchema>>): output is v.GenericSchema => '~standard' in output;
