/** What the tests read of the Amazon States Language. */
export interface Retrier {
  ErrorEquals: string[];
  IntervalSeconds: number;
  BackoffRate?: number;
  MaxDelaySeconds?: number;
  MaxAttempts: number;
  JitterStrategy?: string;
}

export interface State {
  Type: string;
  Comment?: string;
  Resource?: string;
  Parameters?: Record<string, string>;
  TimeoutSeconds?: number;
  Retry?: Retrier[];
  Catch?: { ErrorEquals: string[]; ResultPath?: string; Next: string }[];
  Branches?: Machine[];
  ItemProcessor?: Machine;
  Next?: string;
  ResultPath?: string;
  OutputPath?: string;
  ErrorPath?: string;
  CausePath?: string;
}

export interface Machine {
  States: Record<string, State>;
}

/** All states of a machine by their names, those inside others too. */
export function statesOf(machine: Machine): [string, State][] {
  return Object.entries(machine.States).flatMap(([name, state]) => [
    [name, state] as [string, State],
    ...(state.Branches ?? []).flatMap(statesOf),
    ...(state.ItemProcessor ? statesOf(state.ItemProcessor) : []),
  ]);
}
