import type { StateMachineDefinition } from 'aws-local-stepfunctions';
import type { ChoiceState, Json } from './definition.ts';

/** The fields of a state that select its input and shape its output. */
export interface DataFlow {
  readonly InputPath?: string | null | undefined;
  readonly Parameters?: unknown;
  readonly ResultSelector?: unknown;
  readonly ResultPath?: string | null | undefined;
  readonly OutputPath?: string | null | undefined;
}

/** The context object of `$$` paths. */
export type Context = Readonly<Record<string, Json>>;

/** The failure of a state: an error name for Retry and Catch, and a cause. */
export class StateFailure extends Error {
  override readonly name = 'StateFailure';

  constructor(
    readonly error: string | undefined,
    readonly reason: string | undefined,
    /** Whether nothing can retry or catch it, not even States.ALL. */
    readonly final = error === 'States.Runtime',
  ) {
    super(`${error}: ${reason}`);
  }
}

/**
 * Selects the input of `work`, runs it, and returns the output that the data flow makes of its result.
 * Rejects like `work`, or with a `StateFailure` if a path finds nothing or a function fails.
 */
export function evaluate(flow: DataFlow, input: Json, context: Context, work: (input: Json) => Json | Promise<Json>): Promise<Json> {
  const fields = Object.entries({
    InputPath: flow.InputPath,
    Parameters: flow.Parameters,
    ResultSelector: flow.ResultSelector,
    // The interpreter treats `$` as the name of a member. It is the default anyway.
    ResultPath: flow.ResultPath === '$' ? undefined : flow.ResultPath,
    OutputPath: flow.OutputPath,
  }).filter(([, value]) => value !== undefined);
  return interpret({ state: { Type: 'Task', Resource: 'local', ...Object.fromEntries(fields) } }, { state: work }, input, context);
}

/** Evaluates a payload template, for example `{ "id.$": "$.id" }`. */
export function evaluateTemplate(template: unknown, input: Json, context: Context): Promise<Json> {
  return evaluate({ Parameters: template }, input, context, (value) => value);
}

/** Evaluates a path or an intrinsic function. */
export async function evaluatePath(path: string, input: Json, context: Context): Promise<Json> {
  const result = await evaluateTemplate({ 'value.$': path }, input, context);
  return (result as { value: Json }).value;
}

/** Chooses the next state. Rejects with `States.NoChoiceMatched`, or if the variable of a rule is missing. */
export async function choose(state: ChoiceState, input: Json, context: Context): Promise<{ output: Json; next: string }> {
  let next = '';
  const targets = new Set([...state.Choices.map((rule) => rule.Next), ...(state.Default === undefined ? [] : [state.Default])]);
  const states: Record<string, object> = {
    state: {
      ...state,
      Choices: state.Choices.map((rule) => ({ ...rule, Next: targetState(rule.Next) })),
      ...(state.Default === undefined ? {} : { Default: targetState(state.Default) }),
    },
  };
  const works: Record<string, (value: Json) => Json> = {};
  for (const target of targets) {
    states[targetState(target)] = { Type: 'Task', Resource: 'local' };
    works[targetState(target)] = (value) => {
      next = target;
      return value;
    };
  }
  const output = await interpret(states, works, input, context);
  return { output, next };
}

const targetState = (name: string) => `next:${name}`;

type Interpreter = typeof import('aws-local-stepfunctions');
let interpreter: Promise<Interpreter> | undefined;

/**
 * Evaluates a single state with the interpreter. It could run whole state machines, but it does not report enough for a history: which
 * branch, which attempt, when.
 */
async function interpret(
  states: Record<string, object>,
  works: Record<string, (input: Json) => Json | Promise<Json>>,
  input: Json,
  context: Context,
): Promise<Json> {
  interpreter ??= loadInterpreter();
  const { StateMachine } = await interpreter;
  const ending = Object.fromEntries(
    Object.entries(states).map(([name, state]) => [name, { TimeoutSeconds: neverSeconds, End: true, ...state }]),
  );
  const definition = { StartAt: 'state', States: ending } as StateMachineDefinition;
  const machine = new StateMachine(definition, { validationOptions: { noValidate: true } });
  try {
    return await machine.run(input, { context, overrides: { taskResourceLocalHandlers: works } }).result;
  } catch (error) {
    throw translate((error as Error).cause);
  }
}

/** Longer than any execution, but not too long for a timer. By default, the interpreter ends a Task after a minute. */
const neverSeconds = 2_000_000;

/** Loads the interpreter with the first execution, because it imports the SDK's Lambda client, which is slow. */
function loadInterpreter(): Promise<Interpreter> {
  if (!('withResolvers' in Promise)) Object.defineProperty(Promise, 'withResolvers', { value: withResolvers });
  return import('aws-local-stepfunctions');
}

/** `Promise.withResolvers`, which the interpreter needs and Node 20 does not have. */
function withResolvers() {
  const settle: { resolve?: (value: unknown) => void; reject?: (reason: unknown) => void } = {};
  const promise = new Promise((resolve, reject) => Object.assign(settle, { resolve, reject }));
  return { promise, ...settle };
}

/** The interpreter's errors have AWS's names. AWS calls all others a runtime error. Ours do not change. */
function translate(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StateFailure || error.name === 'AbortError') return error;
  // The interpreter names a failed function only in its message. On AWS, this is States.IntrinsicFailure, which can be caught.
  const ofFunction = /\b[Ii]n(?:trinsic function)? States\.\w+/.test(error.message);
  const name = error.name.startsWith('States.') ? error.name : 'States.Runtime';
  return new StateFailure(ofFunction ? 'States.IntrinsicFailure' : name, error.message);
}
