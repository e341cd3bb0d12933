import * as v from 'valibot';
import { ZoneName } from '../../../../core/document.ts';
import { RecodeError } from '../../../../core/errors.ts';
import { type OperationFlags, type OperationRequest, parseOperation } from '../options.ts';

/** What a person asked for. */
export interface MoveRequest extends OperationRequest {
  /** Missing if any other zone will do. */
  readonly zone?: string;
}

/** The options as commander hands them over. */
export interface MoveFlags extends OperationFlags {
  readonly zone?: string;
}

/**
 * Reads what was typed, before anything is asked of the network.
 *
 * @throws RecodeError UsageNotValid
 */
export function parseMove(repository: string, flags: MoveFlags, variables: NodeJS.ProcessEnv): MoveRequest {
  const { zone } = flags;
  return { ...parseOperation(repository, flags, variables), ...(zone !== undefined && { zone: parseZone(zone) }) };
}

function parseZone(text: string): string {
  if (v.is(ZoneName, text)) return text;
  throw new RecodeError('UsageNotValid', `Invalid --zone '${text}'. Use an availability zone, for example eu-west-1b.`);
}
