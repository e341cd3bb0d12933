import { type AccountOptions, openAccountWithProgress } from '../../../account.ts';
import { inSession, withoutExecution } from '../../../execution/session.ts';
import type { Output } from '../../../output.ts';
import { openPages } from '../../../web/browser.ts';
import { instancesPage } from '../../../web/console.ts';

/**
 * Opens the console's list of Recode's instances.
 *
 * @throws RecodeError PartitionNotSupported, and those of cli/account.ts
 */
export function openList(options: AccountOptions, output: Output): Promise<void> {
  return inSession(output, withoutExecution('listing'), async ({ view }) => {
    const account = await openAccountWithProgress(options, view);
    view.end();
    await openPages([instancesPage(account)], output, process.env);
  });
}
