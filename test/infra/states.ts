/** What the tests read of the Amazon States Language. */
export interface Retrier {
  ErrorEquals: string[];
  IntervalSeconds: number;
  BackoffRate?: number;
  MaxDelaySeconds?: number;
  MaxAttempts: number;
  JitterStrategy?: string;
}

/** A rule of a Choice state: one comparison of a variable. */
export interface Rule {
  Variable: string;
  Next: string;
  [operator: string]: string | boolean;
}

export interface State {
  Type: string;
  Comment?: string;
  Resource?: string;
  Parameters?: Record<string, string>;
  Choices?: Rule[];
  Default?: string;
  ItemsPath?: string;
  ItemSelector?: Record<string, string>;
  ResultSelector?: Record<string, string>;
  Result?: unknown;
  TimeoutSeconds?: number;
  Retry?: Retrier[];
  Catch?: { ErrorEquals: string[]; ResultPath?: string; Next: string }[];
  Branches?: Machine[];
  /** Of a Parallel in a file of statemachines/: the tasks that the packaging adds a branch for. */
  Warm?: string[];
  ItemProcessor?: Machine;
  Next?: string;
  ResultPath?: string | null;
  OutputPath?: string;
  ErrorPath?: string;
  CausePath?: string;
}

export interface Machine {
  StartAt: string;
  States: Record<string, State>;
}

/** The task whose sandbox a task starts beforehand; undefined of a task that works itself. */
export const warmedBy = (name: string): string | undefined => /^Warm([A-Z]\w*)$/.exec(name)?.[1];

/** Whether a state is a task that works, not one that only starts the sandbox of another. */
export const isWorking = ([name, { Type }]: readonly [string, State]): boolean => Type === 'Task' && warmedBy(name) === undefined;

/** All states of a machine by their names, those inside others too. */
export function statesOf(machine: Machine): [string, State][] {
  return Object.entries(machine.States).flatMap(([name, state]) => [
    [name, state] as [string, State],
    ...(state.Branches ?? []).flatMap(statesOf),
    ...(state.ItemProcessor ? statesOf(state.ItemProcessor) : []),
  ]);
}
