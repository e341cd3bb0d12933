import type { Operation } from '../core/operation.ts';
import { autoStopCaller } from '../core/owner.ts';
import { ago } from './duration.ts';

/** When an operation was started, and by whom: `started 12s ago by alice`. */
export function begun({ owner, startedAt }: Pick<Operation, 'owner' | 'startedAt'>): string {
  return owner === autoStopCaller ? `started automatically ${ago(startedAt)}` : `started ${ago(startedAt)} by ${owner}`;
}
