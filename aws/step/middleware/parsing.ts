import type { MiddlewareObj } from '@middy/core';
import * as v from 'valibot';
import { type ErrorName, RecodeError } from '../../../core/errors.ts';
import { type Contract, type OutputFor, outputSchema } from '../contract.ts';

/**
 * Parses a step's input before the step runs, and its result afterwards.
 *
 * @throws RecodeError InputNotValid or OutputNotValid, naming the first field that is wrong
 */
export function parsing<Input extends v.GenericSchema, Output extends OutputFor<Input>>(step: Contract<Input, Output>): MiddlewareObj {
  return {
    before(request) {
      request.event = parse(step.input, request.event, 'InputNotValid', 'The input');
    },
    after(request) {
      request.response = parse(outputSchema(step, request.event), request.response, 'OutputNotValid', 'The result');
    },
  };
}

function parse(schema: v.GenericSchema, value: unknown, error: ErrorName, whole: string): unknown {
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const { path, message } = innermost(parsed.issues[0]);
  throw new RecodeError(error, `${path.join('.') || whole}: ${message}.`);
}

/** The field that is wrong, and why. A union's own issue says only that no option fits, so this descends into the first option. */
function innermost(issue: v.BaseIssue<unknown>): { path: string[]; message: string } {
  const path = [v.getDotPath(issue) ?? []].flat();
  const [option] = issue.issues ?? [];
  if (!option) return { path, message: issue.message };
  const { path: inner, message } = innermost(option);
  return { path: [...path, ...inner], message };
}
