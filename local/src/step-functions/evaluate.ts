import type { StateMachineDefinition } from 'aws-local-stepfunctions';
import type { ChoiceState, Json } from './definition.ts';

/** The fields of a state that say what it takes of its input and what it makes of its result. */
export interface DataFlow {
  readonly InputPath?: string | null | undefined;
  readonly Parameters?: unknown;
  readonly ResultSelector?: unknown;
  readonly ResultPath?: string | null | undefined;
  readonly OutputPath?: string | null | undefined;
}

/** The context object that `$$` paths read. */
export type Context = Readonly<Record<string, Json>>;

/** What a state fails with: an error name that Retry and Catch match, and its cause. */
export class StateFailure extends Error {
  override readonly name = 'StateFailure';

  constructor(
    readonly error: string | undefined,
    readonly reason: string | undefined,
    /** Whether nothing may retry or catch it, not even States.ALL. */
    readonly final = error === 'States.Runtime',
  ) {
    super(`${error}: ${reason}`);
  }
}

/**
 * Runs `work` on what the data flow takes of the input, and returns what it makes of the result.
 * Rejects with what `work` rejects with, or with a `StateFailure` where a path or function finds nothing.
 */
export function evaluate(flow: DataFlow, input: Json, context: Context, work: (input: Json) => Json | Promise<Json>): Promise<Json> {
  const fields = Object.entries({
    InputPath: flow.InputPath,
    Parameters: flow.Parameters,
    ResultSelector: flow.ResultSelector,
    // The interpreter takes `$` for a member of that name; it is the default anyway.
    ResultPath: flow.ResultPath === '$' ? undefined : flow.ResultPath,
    OutputPath: flow.OutputPath,
  }).filter(([, value]) => value !== undefined);
  return interpret({ state: { Type: 'Task', Resource: 'local', ...Object.fromEntries(fields) } }, { state: work }, input, context);
}

/** What a payload template makes of the input, such as `{ "id.$": "$.id" }`. */
export function evaluateTemplate(template: unknown, input: Json, context: Context): Promise<Json> {
  return evaluate({ Parameters: template }, input, context, (value) => value);
}

/** The value that a path (or an intrinsic function) finds. */
export async function evaluatePath(path: string, input: Json, context: Context): Promise<Json> {
  const result = await evaluateTemplate({ 'value.$': path }, input, context);
  return (result as { value: Json }).value;
}

/** Chooses the next state; rejects with `States.NoChoiceMatched`, or where a rule's variable is not there. */
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
 * Evaluates a single state by the interpreter. Its own loop would do for whole state machines, but it tells too little of what
 * happens in it to make a history of: which branch, which attempt, when.
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

/** Longer than any execution, and within what a timer takes: the interpreter would end a Task after a minute. */
const neverSeconds = 2_000_000;

/** Loaded with the first execution: it brings the SDK's Lambda client, which takes its time. */
function loadInterpreter(): Promise<Interpreter> {
  if (!('withResolvers' in Promise)) Object.defineProperty(Promise, 'withResolvers', { value: withResolvers });
  return import('aws-local-stepfunctions');
}

/** What the interpreter expects of a newer Node. */
function withResolvers() {
  const settle: { resolve?: (value: unknown) => void; reject?: (reason: unknown) => void } = {};
  const promise = new Promise((resolve, reject) => Object.assign(settle, { resolve, reject }));
  return { promise, ...settle };
}

/** The interpreter's errors carry their names; anything else it throws is what AWS calls a runtime error. Ours pass as they are. */
function translate(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StateFailure || error.name === 'AbortError') return error;
  // It says which function could not do with its arguments, but not by its name of the error, which can be caught.
  const ofFunction = /\b[Ii]n(?:trinsic function)? States\.\w+/.test(error.message);
  const name = error.name.startsWith('States.') ? error.name : 'States.Runtime';
  return new StateFailure(ofFunction ? 'States.IntrinsicFailure' : name, error.message);
}
