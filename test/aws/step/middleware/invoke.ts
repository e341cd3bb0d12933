import middy, { type MiddlewareObj } from '@middy/core';
import { type MockInstance, vi } from 'vitest';

export const context = { functionName: 'recode-prod-createVpc', awsRequestId: 'request-1', getRemainingTimeInMillis: () => 30_000 };

/** Invokes a function behind middleware, as Lambda invokes a handler. */
export function invoke(middleware: MiddlewareObj | MiddlewareObj[], run: (event: unknown) => unknown, event: unknown): Promise<unknown> {
  return middy(async (given: unknown) => run(given)).use(middleware)(event as never, context as never) as Promise<unknown>;
}

/** Collects what is logged from now on, until `restore` is called. */
export function collectLog() {
  const lines: string[] = [];
  vi.stubEnv('POWERTOOLS_DEV', 'true'); // the logger writes to the global console, not to standard output itself
  const spies: MockInstance[] = (['info', 'warn', 'error'] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation((line: string) => void lines.push(line)),
  );
  return {
    lines: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    restore() {
      for (const spy of spies) spy.mockRestore();
      vi.unstubAllEnvs();
    },
  };
}
