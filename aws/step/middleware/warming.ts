import type { MiddlewareObj } from '@middy/core';
import { isWarmUp } from '../../../core/warm-up.ts';

/** Answers an invocation that only starts a sandbox, so that the step finds one when its turn comes. */
export function warming(): MiddlewareObj {
  return {
    before: ({ event }) => (isWarmUp(event) ? { warm: true } : undefined),
  };
}
