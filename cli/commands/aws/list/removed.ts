import { keptCostOf } from '../../../../core/cost.ts';
import type { KeptDisk } from '../../../../core/kept.ts';
import { openAccountWithProgress } from '../../../account.ts';
import { currencySign } from '../../../cost-words.ts';
import { inSession, withoutExecution } from '../../../execution/session.ts';
import type { removedFields } from '../../../json/fields.ts';
import { openResultWriter } from '../../../json/selection.ts';
import { readKept } from '../../../kept.ts';
import { columns, type Output, paint } from '../../../output.ts';
import { pricesOf } from '../../../prices/prices.ts';
import { recordsClient } from '../../../records-client.ts';
import { stopWords } from '../../../stop-time.ts';
import type { ListRequest } from './run.ts';

/**
 * Lists the disks of removed environments that are kept.
 *
 * @throws RecodeError UsageNotValid, CallerNotAllowed, and those of cli/account.ts
 */
export function runListRemoved({ account: options, all, selection }: ListRequest, output: Output): Promise<void> {
  return inSession(output, withoutExecution('listing'), async ({ view }) => {
    const write = await openResultWriter(output, selection);
    const account = await openAccountWithProgress(options, view);
    const [kept, prices] = await Promise.all([readKept(account), pricesOf(account.region, recordsClient(account))]);
    view.end();
    const disks = kept.filter(({ owner }) => all || owner === account.owner);
    const views = disks.map((disk) => viewOf(disk, keptCostOf(disk, prices), prices.currency));
    const { stdout } = output;
    if (output.json) await write(views);
    else if (views.length === 0) stdout.write(`No disks of removed environments are kept in ${account.region}\n`);
    else
      stdout.write(
        columns(
          headings(all, prices.currency),
          views.map((view) => cells(view, all)),
          (text) => paint(stdout, 'bold', text),
        ),
      );
  });
}

type RemovedView = Readonly<Record<(typeof removedFields)[number], string | number | boolean | null>> & ReturnType<typeof viewOf>;

function viewOf(disk: KeptDisk, cost: number | null, currency: 'USD' | 'CNY') {
  const { repository, owner, name, keptUntil, completed, volumeSize, bytes, volumeType, instanceType, snapshotId, createdAt } = disk;
  return {
    repository,
    owner,
    name,
    keptUntil,
    restorable: completed,
    volumeSizeGiB: volumeSize,
    usedGiB: bytes === undefined ? null : Math.ceil((bytes / 2 ** 30) * 100) / 100,
    volumeType,
    instanceType,
    costPerMonth: cost === null ? null : Math.ceil(cost * 100) / 100,
    currency,
    snapshotId,
    createdAt,
  };
}

const headings = (all: boolean, currency: 'USD' | 'CNY') => [
  'REPOSITORY',
  ...(all ? ['OWNER'] : []),
  'KEPT UNTIL',
  'DISK',
  'USED',
  'TYPE',
  `${currencySign(currency)}/MONTH`,
];

const cells = (view: RemovedView, all: boolean) => [
  view.repository,
  ...(all ? [view.owner] : []),
  stopWords(view.keptUntil),
  `${view.volumeSizeGiB} GiB`,
  view.usedGiB === null ? '–' : `${view.usedGiB} GiB`,
  view.instanceType,
  view.costPerMonth === null ? '–' : view.costPerMonth.toFixed(2),
];
