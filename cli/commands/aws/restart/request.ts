import type { GivenChanges } from '../../../../core/environment.ts';
import { parseInstanceType } from '../../../instance-type.ts';
import { type OperationFlags, type OperationRequest, parseOperation } from '../options.ts';

/** What a person asked for. */
export interface RestartRequest extends OperationRequest {
  readonly request: Pick<GivenChanges, 'instanceType'>;
}

/** The options as commander hands them over. */
export interface RestartFlags extends OperationFlags {
  readonly instanceType?: string;
}

/**
 * Reads what was typed, before anything is asked of the network.
 *
 * @throws RecodeError InstanceTypeNotValid, and those of `parseOperation`
 */
export function parseRestart(repository: string, flags: RestartFlags, variables: NodeJS.ProcessEnv): RestartRequest {
  const { instanceType } = flags;
  const request = instanceType === undefined ? {} : { instanceType: parseInstanceType(instanceType, '--instance-type') };
  return { ...parseOperation(repository, flags, variables), request };
}
