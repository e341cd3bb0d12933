import type { MiddlewareObj } from '@middy/core';
import { RecodeError } from '../../../core/errors.ts';
import { translateInStep, withDataInMessage } from '../../errors.ts';

/** Turns every failure into an error of the catalog. State machines match its name, and the CLI explains it. */
export function translation(): MiddlewareObj<unknown, unknown, Error, { readonly functionName: string }> {
  return {
    onError(request) {
      request.error = translateInStep(request.error, request.context.functionName);
    },
  };
}

/** Puts an error's data into its message, because Lambda passes on nothing else. */
export function dataInMessage(): MiddlewareObj {
  return {
    onError(request) {
      if (request.error instanceof RecodeError) request.error = withDataInMessage(request.error);
    },
  };
}
