import { type EnvironmentTarget, openEnvironment, requireRecord } from '../../../environment.ts';
import { inSession, withoutExecution } from '../../../execution/session.ts';
import type { Output } from '../../../output.ts';
import { adviseSync } from './advise-sync.ts';
import { keyHere, keyViews, printKeys } from './key-view.ts';

/** Lists the keys that an environment accepts. Throws RecodeError EnvironmentNotFound, and those of cli/environment.ts. */
export function runList(target: EnvironmentTarget, output: Output): Promise<void> {
  return inSession(output, withoutExecution(`look at the keys of ${target.repository}`), async ({ view }) => {
    const environment = await openEnvironment(target, view);
    const record = await requireRecord(environment);
    view.end();
    printKeys(keyViews(record.wanted, keyHere(environment, record, output)), output);
    adviseSync(environment, record, output);
  });
}
