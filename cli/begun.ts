import type { Operation } from '../core/operation.ts';
import { autoStopCaller } from '../core/owner.ts';
import { ago } from './duration.ts';

/** When an operation was begun, and by whom: `begun 12 s ago by alice`. */
export function begun({ owner, startedAt }: Pick<Operation, 'owner' | 'startedAt'>): string {
  return owner === autoStopCaller ? `begun automatically ${ago(startedAt)}` : `begun ${ago(startedAt)} by ${owner}`;
}
