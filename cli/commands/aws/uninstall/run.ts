import { readEnvironments } from '../../../../aws/records/read/environment.ts';
import { ifInstalled } from '../../../../aws/records/read/table.ts';
import { UninstallOutput } from '../../../../core/document.ts';
import { environmentsStillExist } from '../../../../core/environment.ts';
import { type KeptDisk, keptDisksStillExist } from '../../../../core/kept.ts';
import { network, policies, tableName } from '../../../../core/names.ts';
import { type Account, type AccountOptions, openAccountWithProgress } from '../../../account.ts';
import { clientsOf } from '../../../clients.ts';
import { confirm } from '../../../confirm.ts';
import { orNotAllowed } from '../../../execution/allowed.ts';
import { beforeOperation } from '../../../execution/control-plane.ts';
import { runOperation } from '../../../execution/operation.ts';
import { inSession } from '../../../execution/session.ts';
import { readKept } from '../../../kept.ts';
import { type Output, paint, writeJson } from '../../../output.ts';

/** What to uninstall. */
interface UninstallRequest {
  readonly account: AccountOptions;
  readonly force: boolean;
  /** Whether to delete the kept disks of removed environments, too. */
  readonly deleteKept: boolean;
}

/**
 * Uninstalls Recode from a region, after a question that names what goes.
 *
 * @throws RecodeError what the execution fails with, EnvironmentsStillExist, ConfirmationRequired, and those of
 *   cli/account.ts and cli/execution
 */
export function runUninstall({ account: options, force, deleteKept }: UninstallRequest, output: Output): Promise<void> {
  return inSession(output, 'uninstall', async (session) => {
    const account = await openAccountWithProgress(options, session.view);
    const clients = clientsOf(account);
    const reading = orNotAllowed(account, policies.admin, ifInstalled(readEnvironments(clients.dynamodb)));
    const found = await beforeOperation({ account, clients }, 'uninstall', reading);
    if (!found) return print(output, account, { status: 'not-installed' }, null);
    if (found.unreadable[0]) throw found.unreadable[0];
    if (found.items.length > 0) throw environmentsStillExist(found.items);
    const kept = await readKept(account);
    if (kept.length > 0 && !deleteKept) throw keptDisksStillExist(kept);
    if (!force && !(await confirm(question(account, kept), output))) return;
    const asked = {
      kind: 'uninstall',
      input: deleteKept ? { deleteKept } : {},
      output: UninstallOutput,
      subject: `Recode in ${account.region}`,
    } as const;
    const { result, executionArn } = await runOperation(clients, account, asked, session);
    session.view.end();
    print(output, account, result, executionArn);
  });
}

function print(output: Output, { region }: Account, { status }: UninstallOutput, executionArn: string | null): void {
  if (output.json) {
    writeJson(output, { region, status, executionArn });
    return;
  }
  const { stdout } = output;
  const said = status === 'uninstalled' ? `Uninstalled Recode from ${region}` : `Recode is not installed in ${region}`;
  stdout.write(`\n${paint(stdout, 'green', '✓')} ${paint(stdout, 'bold', said)}\n`);
}

function question({ region, accountId }: Account, kept: readonly KeptDisk[]): string {
  const names = [network.routeTable.name, network.internetGateway.name, network.subnet.name, network.vpc.name, tableName];
  const disks = kept.map(({ repository, owner, snapshotId }) => `the disk of ${repository} of ${owner} (${snapshotId})`);
  const what = [...names, ...disks].map((name) => `  ${name}`).join('\n');
  return `This deletes from ${region} in account ${accountId}:\n${what}\nUninstall Recode?`;
}
