/** The input of an invocation that only starts a sandbox: the packaging gives it to the tasks of `Warm` (infra/definition.ts). */
export const warmUp = { warmUp: true } as const;

/** Whether the input of a function is that one. */
export const isWarmUp = (input: unknown): boolean =>
  typeof input === 'object' && input !== null && 'warmUp' in input && input.warmUp === true;
