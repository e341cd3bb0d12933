import { setMaxListeners } from 'node:events';
import type { Clock } from '../clock.ts';
import type { Invoke } from '../lambda/lambda.ts';
import type { Definition, Flow, Json, MapState, ParallelState, State, TaskState } from './definition.ts';
import { type Context, choose, evaluate, evaluatePath, evaluateTemplate, StateFailure } from './evaluate.ts';
import type { Trail } from './history.ts';
import { catcherFor, createRetries } from './recovery.ts';
import { callFunction, requireFittingData, sleepUntil } from './task.ts';

/** Shared by all branches of an execution. */
export interface Run {
  readonly clock: Clock;
  readonly invoke: Invoke;
  /** Waits as long as the transition to a state takes, or to its next attempt. Undefined if it takes no time. */
  readonly transition: (signal: AbortSignal) => Promise<void> | undefined;
  /** The context object, without the state and the item. */
  readonly context: Context;
}

/**
 * Runs a state machine to its end and returns its output. The trail records each step. The signal cuts it off, but running Lambdas continue.
 * Rejects with the `StateFailure` that nothing caught, or with the signal's reason.
 */
export function runStateMachine(run: Run, definition: Definition, input: Json, trail: Trail, signal: AbortSignal): Promise<Json> {
  return runFlow(definition, input, { run, trail, signal, item: {} });
}

/** One thread of the execution: the execution itself, a branch of a Parallel, or a worker of a Map. */
interface Scope {
  readonly run: Run;
  readonly trail: Trail;
  readonly signal: AbortSignal;
  /** `$$.Map`, in a Map. */
  item: Context;
  iteration?: { readonly name: string; readonly index: number };
  /** The state that it has entered but not exited. */
  current?: State['Type'];
}

interface Passed {
  readonly output: Json;
  readonly next: string | undefined;
}

/** The default number of items of a Map that run at once. */
const defaultConcurrency = 40;

async function runFlow({ StartAt, States }: Flow, input: Json, scope: Scope): Promise<Json> {
  let passed: Passed = { output: input, next: StartAt };
  while (passed.next !== undefined) {
    const state = States[passed.next];
    if (!state) throw new Error(`State ${passed.next} does not exist.`);
    passed = await runState(passed.next, state, passed.output, scope);
  }
  return passed.output;
}

async function runState(name: string, state: State, input: Json, scope: Scope): Promise<Passed> {
  const { run, trail, signal } = scope;
  const enteredAt = trail.add(`${state.Type}StateEntered`, { name, input: JSON.stringify(input), inputDetails: { truncated: false } });
  scope.current = state.Type;
  const aboutState = { Name: name, EnteredTime: new Date(run.clock.now()).toISOString(), RetryCount: 0 };
  const context = { ...run.context, ...scope.item, State: aboutState };
  const attempt = async () => {
    const transition = run.transition(signal);
    if (transition) await transition;
    return passState(name, state, input, context, scope).catch((error) => Promise.reject(located(error, name, enteredAt)));
  };
  const passed = await ('Retry' in state ? recovered(state, input, context, aboutState, scope, attempt) : attempt());
  requireFittingData(name, passed.output);
  trail.add(`${state.Type}StateExited`, { name, output: JSON.stringify(passed.output), outputDetails: { truncated: false } });
  delete scope.current;
  return passed;
}

/** One attempt at a state. */
async function passState(name: string, state: State, input: Json, context: Context, scope: Scope): Promise<Passed> {
  if (state.Type === 'Choice') return choose(state, input, context);
  if (state.Type === 'Fail') {
    delete scope.current;
    const error = state.ErrorPath === undefined ? state.Error : String(await evaluatePath(state.ErrorPath, input, context));
    const reason = state.CausePath === undefined ? state.Cause : String(await evaluatePath(state.CausePath, input, context));
    // Step Functions reserves these names.
    if (error?.startsWith('States.')) throw new StateFailure('States.Runtime', `A Fail state cannot have the error '${error}'.`);
    throw new StateFailure(error, reason);
  }
  const output = await evaluate(state, input, context, (data) => work(name, state, data, context, scope));
  return { output, next: 'Next' in state ? state.Next : undefined };
}

/** What a state does with its selected input. */
async function work(name: string, state: State, data: Json, context: Context, scope: Scope): Promise<Json> {
  const { run, trail, signal } = scope;
  switch (state.Type) {
    case 'Task':
      return callFunction(state, data, { invoke: run.invoke, trail, signal });
    case 'Parallel':
      return runParallel(state, data, scope);
    case 'Map':
      return runMap(name, state, data, context, scope);
    case 'Wait':
      await sleepUntil(run.clock.now() + state.Seconds * 1000, run.clock, signal);
      return data;
    case 'Pass':
      return 'Result' in state ? (state.Result as Json) : data;
    default:
      return data;
  }
}

/** Repeats an attempt according to the state's Retry, then handles its failure according to its Catch. */
async function recovered(
  state: TaskState | ParallelState | MapState,
  input: Json,
  context: Context,
  aboutState: { RetryCount: number },
  { run, trail, signal }: Scope,
  attempt: () => Promise<Passed>,
): Promise<Passed> {
  const retries = createRetries(state.Retry);
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted || !(error instanceof StateFailure)) throw error;
      const delay = retries.delayAfter(error);
      if (delay === undefined) {
        if (state.Type !== 'Task') trail.add(`${state.Type}StateFailed`);
        const catcher = catcherFor(error, state.Catch);
        if (!catcher) throw error;
        const caught = { Error: error.error ?? '', Cause: error.reason ?? '' };
        return { output: await evaluate({ ResultPath: catcher.ResultPath }, input, context, () => caught), next: catcher.Next };
      }
      await sleepUntil(run.clock.now() + delay, run.clock, signal);
      aboutState.RetryCount += 1;
    }
  }
}

async function runParallel(state: ParallelState, input: Json, scope: Scope): Promise<Json> {
  scope.trail.add('ParallelStateStarted');
  const results = await together(
    scope,
    state.Branches.map((branch) => (branchScope) => runFlow(branch, input, branchScope)),
  );
  scope.trail.addAside('ParallelStateSucceeded');
  return results;
}

async function runMap(name: string, state: MapState, input: Json, context: Context, scope: Scope): Promise<Json> {
  const items = state.ItemsPath === undefined ? input : await evaluatePath(state.ItemsPath, input, context);
  if (!Array.isArray(items)) throw new StateFailure('States.Runtime', `The items of the Map state ${name} are not an array.`);
  scope.trail.add('MapStateStarted', { length: items.length });
  const results: Json[] = [];
  const remaining = items.entries();
  const worker = async (workerScope: Scope): Promise<null> => {
    for (const [index, value] of remaining) {
      const iteration = { name, index };
      workerScope.trail.add('MapIterationStarted', iteration);
      workerScope.iteration = iteration;
      workerScope.item = { Map: { Item: { Index: index, Value: value } } };
      // All begin before the first one continues, as on AWS.
      await Promise.resolve();
      const itemContext = { ...context, ...workerScope.item };
      const itemInput = 'ItemSelector' in state ? await evaluateTemplate(state.ItemSelector, input, itemContext) : value;
      results[index] = await runFlow(state.ItemProcessor, itemInput, workerScope);
      workerScope.trail.addAside('MapIterationSucceeded', iteration);
      delete workerScope.iteration;
    }
    return null;
  };
  const concurrency = Math.min(items.length, state.MaxConcurrency || defaultConcurrency);
  await together(scope, Array<typeof worker>(concurrency).fill(worker));
  scope.trail.addAside('MapStateSucceeded');
  return results;
}

/** Runs branches at once, each in its own scope. The first failure cuts off the others, and it rejects with that. */
async function together(scope: Scope, branches: readonly ((scope: Scope) => Promise<Json>)[]): Promise<Json[]> {
  const stopper = new AbortController();
  const signal = AbortSignal.any([scope.signal, stopper.signal]);
  // All branches listen to it. This is not a leak.
  setMaxListeners(0, signal);
  const { run, item, trail } = scope;
  const scopes: Scope[] = [];
  let first: { scope: Scope; error: unknown } | undefined;
  const running = branches.map(async (branch) => {
    const branchScope: Scope = { run, item, signal, trail: trail.fork(signal) };
    scopes.push(branchScope);
    try {
      return await branch(branchScope);
    } catch (error) {
      first ??= { scope: branchScope, error };
      stopper.abort();
      throw error;
    }
  });
  try {
    const results = await Promise.all(running);
    trail.join(scopes.map((each) => each.trail));
    return results;
  } catch (error) {
    if (scope.signal.aborted || !first) throw error;
    trail.join([first.scope.trail]);
    for (const { iteration, current, trail: branchTrail } of scopes) {
      if (iteration) trail.addAside(branchTrail === first.scope.trail ? 'MapIterationFailed' : 'MapIterationAborted', iteration);
      if (current && abortable.has(current)) trail.addAside(`${current}StateAborted`);
    }
    throw first.error;
  }
}

const abortable = new Set<State['Type']>(['Task', 'Parallel', 'Map', 'Wait']);

/** Adds the state to a runtime error, in AWS's words. */
function located(error: unknown, name: string, enteredAt: number): unknown {
  const begin = 'An error occurred while executing the state';
  if (!(error instanceof StateFailure) || error.error !== 'States.Runtime' || error.reason?.startsWith(begin)) return error;
  return new StateFailure(error.error, `${begin} '${name}' (entered at the event id #${enteredAt}). ${error.reason}`);
}
