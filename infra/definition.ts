import { warmUp } from '../core/warm-up.ts';
import { readYaml } from './files.ts';
import { retries } from './retries.ts';

interface State {
  readonly Type: string;
  /** Of a Parallel: the tasks whose sandboxes start beside its branches. */
  readonly Warm?: readonly string[];
  /** Of a Task, once it is completed: `${CreateVpc}`. */
  readonly Resource?: string;
  readonly Branches?: readonly States[];
  readonly ItemProcessor?: States;
}
interface States {
  readonly States: Readonly<Record<string, State>>;
}

/** A state machine in the Amazon States Language. */
export interface Definition extends States {
  readonly Comment: string;
}

// More than any Lambda has (30 s), so that Step Functions ends a step only if Lambda does not.
const taskSeconds = 40;
// The work beside it waits no longer than this for a sandbox.
const warmSeconds = 2;
const failureStates = readYaml<States['States']>('infra/failure-states.yml');

/**
 * Adds what all state machines have in common to one of statemachines/: to each task the function of its name, a time limit and the
 * retries, and to the machine the states in which it fails. What a machine says itself takes precedence.
 */
export function completed(definition: Definition): Definition {
  const { States } = withTasks(definition);
  // The failure states come last, as in the order of execution.
  return { ...definition, States: { ...States, ...failureStates, ...States } };
}

/** The functions that a machine invokes, without duplicates. A task has the name of its function, unless it only warms it. */
export function functionsOf(machine: States): string[] {
  const names = Object.values(machine.States).flatMap((state) => [
    ...(/^\$\{(\w+)\}$/.exec(state.Resource ?? '')?.slice(1) ?? []),
    ...(state.Branches ?? []).flatMap(functionsOf),
    ...(state.ItemProcessor ? functionsOf(state.ItemProcessor) : []),
  ]);
  return [...new Set(names)];
}

/**
 * The branches that start sandboxes before their turn. Each is a task beside the real work, and whatever becomes of it is no failure: the
 * step then starts a sandbox itself.
 */
const warmBranches = (tasks: readonly string[]) =>
  tasks.map((task) => {
    const warm = `Warm${task}`;
    const Catch = [{ ErrorEquals: ['States.ALL'], Next: `${warm}Failed` }];
    return {
      StartAt: warm,
      States: {
        [warm]: { Type: 'Task', Resource: `\${${task}}`, TimeoutSeconds: warmSeconds, Parameters: warmUp, Catch, End: true },
        [`${warm}Failed`]: { Type: 'Succeed' },
      },
    };
  });

function withTasks<Machine extends States>(machine: Machine): Machine {
  const states = Object.entries(machine.States).map(([name, { Warm = [], ...state }]) => [
    name,
    {
      ...(state.Type === 'Task' && { Resource: `\${${name}}`, TimeoutSeconds: taskSeconds, Retry: retries }),
      ...state,
      ...(state.Branches && { Branches: [...state.Branches.map(withTasks), ...warmBranches(Warm)] }),
      ...(state.ItemProcessor && { ItemProcessor: withTasks(state.ItemProcessor) }),
    },
  ]);
  return { ...machine, States: Object.fromEntries(states) };
}
