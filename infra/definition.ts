import { readYaml } from './files.ts';
import { retries } from './retries.ts';

interface State {
  readonly Type: string;
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

/** The names of a machine's tasks, without duplicates. A task has the name of its function. */
export function tasksOf(machine: States): string[] {
  const names = Object.entries(machine.States).flatMap(([name, state]) => [
    ...(state.Type === 'Task' ? [name] : []),
    ...(state.Branches ?? []).flatMap(tasksOf),
    ...(state.ItemProcessor ? tasksOf(state.ItemProcessor) : []),
  ]);
  return [...new Set(names)];
}

function withTasks<Machine extends States>(machine: Machine): Machine {
  const states = Object.entries(machine.States).map(([name, state]) => [
    name,
    {
      ...(state.Type === 'Task' && { Resource: `\${${name}}`, TimeoutSeconds: taskSeconds, Retry: retries }),
      ...state,
      ...(state.Branches && { Branches: state.Branches.map(withTasks) }),
      ...(state.ItemProcessor && { ItemProcessor: withTasks(state.ItemProcessor) }),
    },
  ]);
  return { ...machine, States: Object.fromEntries(states) };
}
