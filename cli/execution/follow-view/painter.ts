/** A step that runs. */
export interface RunningStep {
  readonly sentence: string;
  /** Milliseconds of this machine's clock. */
  readonly since: number;
  /** How far it is, where that is known: `Receiving objects 45%`. */
  detail?: string;
}

/** What a kind of stream does with the steps. */
export interface Painter {
  started(step: RunningStep): void;
  attemptFailed(step: RunningStep, message: string): void;
  /** `milliseconds` as the execution's own clock measured them. */
  ended(step: RunningStep, outcome: 'done' | 'failed' | 'left', milliseconds: number): void;
  say(line: string): void;
  end(): void;
}
