import type { Operation } from '../../core/operation.ts';
import { autoStopCaller } from '../../core/owner.ts';
import { ago } from '../duration.ts';

/** When an operation was started, and by whom, as the owner `me` reads it: `started 12s ago by alice`, `started 12s ago by you`. */
export function begun(
  { owner, startedAt, byAdministrator }: Pick<Operation, 'owner' | 'startedAt' | 'byAdministrator'>,
  me: string,
): string {
  if (owner === autoStopCaller) return `started automatically ${ago(startedAt)}`;
  return `started ${ago(startedAt)} by ${owner === me ? 'you' : owner}${byAdministrator ? ' (administrator)' : ''}`;
}
