import * as v from 'valibot';

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A state machine is not valid Amazon States Language, or has something that the embedded AWS does not support. */
export class UnsupportedDefinition extends Error {
  override readonly name = 'UnsupportedDefinition';

  constructor(stateMachine: string, reason: string) {
    super(`The embedded AWS cannot run the state machine ${stateMachine}: ${reason}.`);
  }
}

/** States and the first one: of a state machine, a branch, or the processor of a Map. */
export interface Flow {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

export type State = v.InferOutput<typeof StateSchema>;
export type ChoiceState = v.InferOutput<typeof ChoiceSchema>;
export type MapState = v.InferOutput<typeof MapSchema>;
export type ParallelState = v.InferOutput<typeof ParallelSchema>;
export type TaskState = v.InferOutput<typeof TaskSchema>;
export type Retrier = v.InferOutput<typeof RetrierSchema>;
export type Catcher = v.InferOutput<typeof CatcherSchema>;

export interface Definition extends Flow {
  readonly TimeoutSeconds?: number | undefined;
}

/** The name of `$$.Execution` for the interpreter, which reserves the original name. */
export const executionInContext = 'CurrentExecution';

/** Parses the definition (JSON) of a state machine. Throws `UnsupportedDefinition` for anything that would run differently on AWS. */
export function parseDefinition(stateMachine: string, json: string): Definition {
  const refuse = (reason: string) => new UnsupportedDefinition(stateMachine, reason);
  const adapted = adapt(JSON.parse(json), '', refuse);
  const result = v.safeParse(DefinitionSchema, adapted);
  if (!result.success) {
    const [issue] = result.issues;
    throw refuse(`${v.getDotPath(issue) ?? 'the definition'}: ${issue.message}`);
  }
  checkTransitions(result.output, refuse);
  return result.output;
}

const whole = (least: number) => v.pipe(v.number(), v.integer(), v.minValue(least));
const path = v.optional(v.nullable(v.string()));
const comment = { Comment: v.optional(v.string()) };
const transition = { Next: v.optional(v.string()), End: v.optional(v.boolean()) };
// The interpreter misreads other forms, for example `$['a']`.
const ResultPath = v.optional(v.nullable(v.pipe(v.string(), v.regex(/^\$(\.[\w-]+)*$/, 'only a ResultPath such as $.a.b is supported'))));

// https://states-language.net/spec.html, "Errors". The bounds: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
const ErrorEquals = v.pipe(
  v.array(v.string()),
  v.nonEmpty('names no error'),
  v.check((names) => names.length === 1 || !names.includes('States.ALL'), 'States.ALL must be alone'),
);
const RetrierSchema = v.pipe(
  v.strictObject({
    ...comment,
    ErrorEquals,
    IntervalSeconds: v.optional(v.pipe(whole(1), v.maxValue(99_999_999)), 1),
    MaxAttempts: v.optional(v.pipe(whole(0), v.maxValue(99_999_999)), 3),
    BackoffRate: v.optional(v.pipe(v.number(), v.minValue(1)), 2),
    MaxDelaySeconds: v.optional(v.pipe(whole(1), v.maxValue(31_622_399))),
    JitterStrategy: v.optional(v.picklist(['FULL', 'NONE']), 'NONE'),
  }),
  v.check(
    ({ IntervalSeconds, MaxDelaySeconds = Number.POSITIVE_INFINITY }) => MaxDelaySeconds > IntervalSeconds,
    'MaxDelaySeconds must be greater than IntervalSeconds',
  ),
);
const CatcherSchema = v.strictObject({ ...comment, ErrorEquals, Next: v.string(), ResultPath });
const allIsLast = <Handler extends { ErrorEquals: string[] }>() =>
  v.check<Handler[], string>(
    (handlers) => handlers.slice(0, -1).every((handler) => !handler.ErrorEquals.includes('States.ALL')),
    'States.ALL must be last',
  );
const recovery = {
  Retry: v.optional(v.pipe(v.array(RetrierSchema), allIsLast()), []),
  Catch: v.optional(v.pipe(v.array(CatcherSchema), allIsLast()), []),
};

const lambdaArn = /^arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[\w-]+$/;
const TaskSchema = v.strictObject({
  ...comment,
  ...transition,
  ...recovery,
  Type: v.literal('Task'),
  Resource: v.pipe(v.string(), v.regex(lambdaArn, 'only the ARN of a Lambda function is supported')),
  InputPath: path,
  Parameters: v.optional(v.unknown()),
  ResultSelector: v.optional(v.unknown()),
  ResultPath,
  OutputPath: path,
  TimeoutSeconds: v.optional(whole(1)),
});
const PassSchema = v.strictObject({
  ...comment,
  ...transition,
  Type: v.literal('Pass'),
  InputPath: path,
  Parameters: v.optional(v.unknown()),
  Result: v.optional(v.unknown()),
  ResultPath,
  OutputPath: path,
});
const WaitSchema = v.strictObject({
  ...comment,
  ...transition,
  Type: v.literal('Wait'),
  InputPath: path,
  OutputPath: path,
  Seconds: whole(0),
});
const ChoiceSchema = v.strictObject({
  ...comment,
  Type: v.literal('Choice'),
  InputPath: path,
  OutputPath: path,
  Choices: v.array(v.looseObject({ Next: v.string() })),
  Default: v.optional(v.string()),
});
const SucceedSchema = v.strictObject({ ...comment, Type: v.literal('Succeed'), InputPath: path, OutputPath: path });
const FailSchema = v.strictObject({
  ...comment,
  Type: v.literal('Fail'),
  Error: v.optional(v.string()),
  ErrorPath: v.optional(v.string()),
  Cause: v.optional(v.string()),
  CausePath: v.optional(v.string()),
});
const ParallelSchema = v.strictObject({
  ...comment,
  ...transition,
  ...recovery,
  Type: v.literal('Parallel'),
  InputPath: path,
  Parameters: v.optional(v.unknown()),
  Branches: v.array(v.lazy((): v.GenericSchema<unknown, Flow> => FlowSchema)),
  ResultSelector: v.optional(v.unknown()),
  ResultPath,
  OutputPath: path,
});
const MapSchema = v.strictObject({
  ...comment,
  ...transition,
  ...recovery,
  Type: v.literal('Map'),
  InputPath: path,
  ItemsPath: v.optional(v.string()),
  ItemSelector: v.optional(v.unknown()),
  ItemProcessor: v.lazy((): v.GenericSchema<unknown, Flow> => FlowSchema),
  MaxConcurrency: v.optional(whole(0), 0),
  ResultSelector: v.optional(v.unknown()),
  ResultPath,
  OutputPath: path,
});
const StateSchema = v.variant('Type', [
  TaskSchema,
  PassSchema,
  WaitSchema,
  ChoiceSchema,
  SucceedSchema,
  FailSchema,
  ParallelSchema,
  MapSchema,
]);
const flow = { ...comment, StartAt: v.string(), States: v.record(v.string(), StateSchema) };
const FlowSchema = v.strictObject({
  ...flow,
  ProcessorConfig: v.optional(v.strictObject({ Mode: v.literal('INLINE', 'only the mode INLINE is supported') })),
});
const DefinitionSchema = v.strictObject({
  ...flow,
  Version: v.optional(v.literal('1.0')),
  QueryLanguage: v.optional(v.literal('JSONPath', 'only JSONPath is supported')),
  TimeoutSeconds: v.optional(whole(1)),
});

type Refuse = (reason: string) => UnsupportedDefinition;

/** Rewrites what the interpreter gets wrong. Throws for what it cannot do. */
function adapt(value: unknown, key: string, refuse: Refuse): unknown {
  if (Array.isArray(value)) return value.map((element) => adapt(element, key, refuse));
  if (typeof value === 'string') return isPath(key) ? adaptPath(value, refuse) : value;
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value);
  // The interpreter never matches these.
  const negated = 'Variable' in value ? members.find(([name, member]) => /^Is[A-Z]/.test(name) && member === false) : undefined;
  if (negated) throw refuse(`${negated[0]}: false is not supported`);
  return Object.fromEntries(members.map(([name, member]) => [name, name === 'Result' ? member : adapt(member, name, refuse)]));
}

const isPath = (key: string) => key.endsWith('.$') || key.endsWith('Path') || key === 'Variable';

function adaptPath(value: string, refuse: Refuse): string {
  if (value.includes('States.JsonToString')) throw refuse('States.JsonToString is not supported');
  return value.replace(/\$\$(\.\w+)?/g, (found, root: string | undefined) => {
    if (root === '.Execution') return `$$.${executionInContext}`;
    if (root === '.StateMachine' || root === '.State' || root === '.Map') return found;
    throw refuse(`the context object has no ${found}`);
  });
}

function checkTransitions({ StartAt, States }: Flow, refuse: Refuse): void {
  const check = (from: string, name: string) => {
    if (!Object.hasOwn(States, name)) throw refuse(`${from} leads to ${name}, which does not exist`);
  };
  check('StartAt', StartAt);
  for (const [name, state] of Object.entries(States)) {
    if ('Catch' in state) for (const { Next } of state.Catch) check(name, Next);
    if (state.Type === 'Choice') {
      for (const { Next } of state.Choices) check(name, Next);
      if (state.Default !== undefined) check(name, state.Default);
    } else if (state.Type !== 'Succeed' && state.Type !== 'Fail') {
      if ((state.Next === undefined) === !state.End) throw refuse(`${name} needs either Next or End`);
      if (state.Next !== undefined) check(name, state.Next);
    }
    if (state.Type === 'Parallel') for (const branch of state.Branches) checkTransitions(branch, refuse);
    if (state.Type === 'Map') checkTransitions(state.ItemProcessor, refuse);
  }
}
