import { RecodeError } from '../../../../core/errors.ts';
import { holderOf } from '../../../../core/lock.ts';
import { type EnvironmentTarget, openEnvironment, requireRecord } from '../../../environment.ts';
import { inSession, withoutExecution } from '../../../execution/session.ts';
import type { Output } from '../../../output.ts';
import { openPages } from '../../../web/browser.ts';
import { executionPage, instancePage } from '../../../web/console.ts';

/**
 * Opens the console's page of the instance, and that of the operation in progress.
 *
 * @throws RecodeError EnvironmentNotFinished without both, EnvironmentNotFound, RecodeNotInstalled, PartitionNotSupported, and those of
 *   cli/environment.ts
 */
export function openStatus(target: EnvironmentTarget, output: Output): Promise<void> {
  return inSession(output, withoutExecution(`look at ${target.repository}`), async ({ view }) => {
    const opened = await openEnvironment(target, view);
    const { account } = opened;
    const record = await requireRecord(opened);
    view.end();
    const holder = holderOf(record);
    const urls = [
      ...(record.observed && record.observed.state !== 'gone' ? [instancePage(account, record.observed.instanceId)] : []),
      ...(holder ? [executionPage(account, holder.executionArn)] : []),
    ];
    if (urls.length === 0) throw new RecodeError('EnvironmentNotFinished', `The environment ${record.repository} has no instance.`);
    await openPages(urls, output, process.env);
  });
}
