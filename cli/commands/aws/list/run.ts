import { readEnvironments } from '../../../../aws/records/environment.ts';
import { ifInstalled } from '../../../../aws/records/table.ts';
import { policies } from '../../../../core/names.ts';
import type { AccountOptions } from '../../../account.ts';
import { clientsOf } from '../../../clients.ts';
import { orNotAllowed } from '../../../control-plane.ts';
import { ago } from '../../../duration.ts';
import { openShown } from '../../../environment.ts';
import { type EnvironmentView, statusWords, viewOf } from '../../../environment-view.ts';
import { inSession } from '../../../operation.ts';
import { columns, type Output, paint, writeJson } from '../../../output.ts';
import { stopWords } from '../../../stop-time.ts';

/**
 * Lists environments as the table records them.
 *
 * @throws RecodeError CallerNotAllowed, and those of cli/account.ts
 */
export function runList({ account: options, all }: { account: AccountOptions; all: boolean }, output: Output): Promise<void> {
  return inSession(output, 'listing', async ({ view }) => {
    const account = await openShown({ account: options }, view);
    const { dynamodb } = await clientsOf(account);
    const reading = ifInstalled(readEnvironments(dynamodb, all ? undefined : account.owner));
    const recorded = await orNotAllowed(account, policies.user, reading);
    view.end();
    const views = (recorded ?? []).map((environment) => viewOf(account, environment));
    const { stdout } = output;
    if (output.json) writeJson(output, views);
    else if (!recorded) stdout.write(`Recode is not installed in ${account.region}.\n`);
    else if (views.length === 0) {
      stdout.write(all ? `There is no environment in ${account.region}.\n` : `You have no environment in ${account.region}.\n`);
    } else stdout.write(rowsOf(views, all, (text) => paint(stdout, 'bold', text)));
  });
}

function rowsOf(views: readonly EnvironmentView[], all: boolean, heading: (text: string) => string): string {
  const row = (view: EnvironmentView) => [
    view.repository,
    ...(all ? [view.owner] : []),
    statusWords(view),
    view.instanceType,
    view.publicIpAddress ?? '-',
    view.status === 'started' ? stopWords(view.stopAt) : '-',
    ago(view.updatedAt),
  ];
  return columns(['REPOSITORY', ...(all ? ['OWNER'] : []), 'STATUS', 'TYPE', 'ADDRESS', 'STOPS', 'SINCE'], views.map(row), heading);
}
