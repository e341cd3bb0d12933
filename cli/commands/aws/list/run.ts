import { type ListedEnvironment, readEnvironmentPages } from '../../../../aws/records/read/environment.ts';
import { type Found, ifInstalled } from '../../../../aws/records/read/table.ts';
import { policies } from '../../../../core/names.ts';
import { type Account, type AccountOptions, openAccountWithProgress } from '../../../account.ts';
import { accountFlags } from '../../../account-flags.ts';
import { rememberEnvironments } from '../../../completion/known-environments.ts';
import { currencySign, hourWords, monthWords } from '../../../cost-words.ts';
import { age, ago } from '../../../duration.ts';
import { type RecordedView, statusWords, viewOf } from '../../../environment-view.ts';
import { orNotAllowed } from '../../../execution/allowed.ts';
import { inSession, withoutExecution } from '../../../execution/session.ts';
import { environmentFolder } from '../../../files/environment-folder.ts';
import { type Column, fittingColumns } from '../../../fitting.ts';
import { hoursHeading, hoursOf, hoursOfAll, hoursWords } from '../../../hours.ts';
import { type JsonSelection, openResultWriter } from '../../../json/selection.ts';
import { columns, line, type Output, paint, warn } from '../../../output.ts';
import { pricesOf } from '../../../prices/prices.ts';
import { recordsClient } from '../../../records-client.ts';
import { shellQuote } from '../../../shell-quote.ts';
import { prepareConnection } from '../../../ssh/connection.ts';
import { stopWords } from '../../../stop-time.ts';

/** What to list. */
export interface ListRequest {
  readonly account: AccountOptions;
  /** Whether to list the environments of everyone. */
  readonly all: boolean;
  readonly selection: JsonSelection;
}

/**
 * Lists environments as the table records them. A record that cannot be read is a warning.
 *
 * @throws RecodeError UsageNotValid, CallerNotAllowed, and those of cli/account.ts
 */
export function runList({ account: options, all, selection }: ListRequest, output: Output): Promise<void> {
  return inSession(output, withoutExecution('listing'), async ({ view }) => {
    const write = await openResultWriter(output, selection);
    const account = await openAccountWithProgress(options, view);
    const dynamodb = recordsClient(account);
    const owner = all ? undefined : account.owner;
    const prices = pricesOf(account.region, dynamodb);
    const reading = viewsOf(readEnvironmentPages(dynamodb, owner), async (environment) =>
      viewOf(environment, output.json ? connectionOf(account, environment) : undefined, await prices),
    );
    const [recorded, hours] = await Promise.all([
      orNotAllowed(account, policies.user, ifInstalled(reading)),
      all ? hoursOfAll(dynamodb) : hoursOf(dynamodb, account.owner).then((own) => new Map(own && [[account.owner, own]])),
      prices,
    ]);
    view.end();
    const views = recorded?.items ?? [];
    await rememberEnvironments(account, views, owner);
    for (const { message } of recorded?.unreadable ?? []) warn(output, line`${message}`);
    const { stdout } = output;
    const own = all ? undefined : hours.get(account.owner);
    if (output.json) await write(views.map((view) => ({ ...view, ownerHours: hours.get(view.owner) ?? null })));
    else if (!recorded) stdout.write(`Recode is not installed in ${account.region}\n`);
    else if (views.length === 0) stdout.write(`${all ? 'No environments' : `${account.owner} has no environments`} in ${account.region}\n`);
    else {
      const shown = fittingColumns(columnsOf(views, all), stdout.isTTY ? stdout.columns : undefined);
      const rows = views.map((_, row) => shown.map(({ cells }) => cells[row] ?? ''));
      stdout.write(
        columns(
          shown.map(({ heading }) => heading),
          rows,
          (text) => paint(stdout, 'bold', text),
        ),
      );
    }
    for (const { repository, owner, goneSince } of output.json ? [] : views) {
      if (goneSince === null) continue;
      const more = all && owner !== account.owner ? ['--owner', owner] : [];
      const command = ['recode', 'aws', 'status', repository, ...more, ...accountFlags(options)].map(shellQuote).join(' ');
      stdout.write(line`\nThe instance of ${repository} is gone, noticed ${ago(goneSince)}. `);
      stdout.write(`To see what is left, run:\n  ${command}\n`);
    }
    if (own && !output.json) stdout.write(`\n${hoursHeading()}: ${hoursWords(own)}\n`);
  });
}

/** Keeps what is shown of each record, not the records, of which there may be thousands. */
async function viewsOf(
  pages: AsyncIterable<Found<ListedEnvironment>>,
  view: (environment: ListedEnvironment) => Promise<RecordedView>,
): Promise<Found<RecordedView>> {
  const found: Found<RecordedView> = { items: [], unreadable: [] };
  for await (const { items, unreadable } of pages) {
    found.items.push(...(await Promise.all(items.map(view))));
    found.unreadable.push(...unreadable);
  }
  return { ...found, items: once(found.items) };
}

/** While a transfer is not finished, both owners may have a record of the environment: that of the former one is shown. */
function once(views: readonly RecordedView[]): RecordedView[] {
  const keyOf = (repository: string, from: string, to: string) => JSON.stringify([repository.toLowerCase(), from, to]);
  const given = new Set(views.map(({ repository, owner, transferTo }) => transferTo && keyOf(repository, owner, transferTo)));
  return views.filter(({ repository, owner, transferFrom }) => !transferFrom || !given.has(keyOf(repository, transferFrom, owner)));
}

const connectionOf = (account: Account, environment: ListedEnvironment) =>
  prepareConnection(environmentFolder({ ...account, ...environment }, process.env), environment);

function columnsOf(views: readonly RecordedView[], all: boolean): Column[] {
  return [
    { heading: 'REPOSITORY', cells: views.map(({ repository }) => repository) },
    ...(all ? [{ heading: 'OWNER', cells: views.map(({ owner }) => owner) }] : []),
    { heading: 'STATUS', cells: views.map(statusWords) },
    { heading: 'TYPE', cells: views.map(({ instanceType }) => instanceType ?? '-'), dispensable: 5 },
    { heading: 'ADDRESS', cells: views.map(({ publicIpAddress }) => publicIpAddress ?? '-'), dispensable: 7 },
    { heading: 'UP', cells: views.map(({ startedAt }) => (startedAt === null ? '-' : age(startedAt))), dispensable: 2 },
    { heading: 'STOPS', cells: views.map(({ status, stopAt }) => (status === 'started' ? stopWords(stopAt) : '-')), dispensable: 1 },
    {
      heading: `${currencySign(views[0]?.currency ?? null)}/HOUR`,
      cells: views.map(({ costPerHour, currency }) => hourWords(costPerHour, currency)),
      dispensable: 6,
    },
    { heading: 'MONTH', cells: views.map(({ monthEstimate, currency }) => monthWords(monthEstimate, currency)), dispensable: 3 },
    { heading: 'UPDATED', cells: views.map(({ updatedAt }) => ago(updatedAt)), dispensable: 4 },
  ];
}
