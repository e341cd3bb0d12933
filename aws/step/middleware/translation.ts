import type { MiddlewareObj } from '@middy/core';
import { RecodeError } from '../../../core/errors.ts';
import { translateInStep, withDataInMessage } from '../../errors.ts';

/** Makes every failure an error of the catalogue, whatever AWS answered: state machines match it by its name, and the CLI explains it. */
export function translation(): MiddlewareObj<unknown, unknown, Error, { readonly functionName: string }> {
  return {
    onError(request) {
      request.error = translateInStep(request.error, request.context.functionName);
    },
  };
}

/** Puts an error's data into its message, since Lambda passes on nothing else. The log is written before that. */
export function dataInMessage(): MiddlewareObj {
  return {
    onError(request) {
      if (request.error instanceof RecodeError) request.error = withDataInMessage(request.error);
    },
  };
}
