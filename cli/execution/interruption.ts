/** The signals that end a command: of Ctrl-C, of another process, and of a terminal that closes. */
export type EndingSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

const signals: readonly EndingSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Rejects with what `reason` makes at the first signal that would end the process. */
export function interruption(reason: (signal: EndingSignal) => Error): Promise<never> {
  return new Promise((_, reject) => {
    // They stay: the spinner gives the cursor back at each, and would end the process where it finds nobody else who listens.
    for (const signal of signals) process.on(signal, () => reject(reason(signal)));
  });
}
