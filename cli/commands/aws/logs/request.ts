import { RecodeError } from '../../../../core/errors.ts';
import { mostPastOperations } from '../../../../core/operation.ts';
import type { EnvironmentTarget } from '../../../environment.ts';
import { type EnvironmentFlags, parseTarget } from '../options.ts';

/** Which logs a person asked for. */
export interface LogsRequest extends EnvironmentTarget {
  /** How many operations to show. */
  readonly count: number;
  /** Whether to wait for the end of one in progress. */
  readonly follow: boolean;
  /** Whether to show where the time went instead. */
  readonly timeline: boolean;
  /** Whether to show the console of the instance instead. */
  readonly console: boolean;
  /** Whether to show what the instance has noted about being idle instead. */
  readonly idle: boolean;
}

/** The options as commander hands them over. */
export interface LogsFlags extends EnvironmentFlags {
  readonly count?: string;
  readonly follow?: boolean;
  readonly timeline?: boolean;
  readonly console?: boolean;
  readonly idle?: boolean;
}

/** Reads what was typed. Throws RecodeError UsageNotValid. */
export function parseLogs(repository: string, flags: LogsFlags, variables: NodeJS.ProcessEnv): LogsRequest {
  const { count = '1', follow = false, timeline = false, console = false, idle = false } = flags;
  return { ...parseTarget(repository, flags, variables), count: parseCount(count), follow, timeline, console, idle };
}

function parseCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= mostPastOperations) return count;
  throw new RecodeError('UsageNotValid', `Invalid --count '${text}'. Use a number from 1 to ${mostPastOperations}.`);
}
