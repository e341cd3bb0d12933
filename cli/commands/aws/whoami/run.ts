import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { readNetwork } from '../../../../aws/records/read/network.ts';
import { ifInstalled } from '../../../../aws/records/read/table.ts';
import { policies } from '../../../../core/names.ts';
import { type Account, type AccountOptions, openAccountWithProgress } from '../../../account.ts';
import { orNotAllowed } from '../../../execution/allowed.ts';
import { inSession, withoutExecution } from '../../../execution/session.ts';
import { type HoursView, hoursHeading, hoursOf, hoursWords } from '../../../hours.ts';
import { credentialsSource } from '../../../identity/credentials-source.ts';
import { type ChosenProfile, profileSource } from '../../../identity/decide.ts';
import { line, type Output, paint, table, writeJson } from '../../../output.ts';
import { recordsClient } from '../../../records-client.ts';

/** The services that commands call with the account's credentials. */
const services = ['sts', 'dynamodb', 'sfn', 'ec2'] as const;

/**
 * Shows which account, region and owner the other commands use, and whether Recode is installed in the region.
 *
 * @throws RecodeError CallerNotAllowed, NameOwnedElsewhere, RecordDamaged, RecordNewerThanCli, and those of cli/account.ts
 */
export function runWhoami(options: AccountOptions, output: Output): Promise<void> {
  return inSession(output, withoutExecution('look at your account'), async ({ view }) => {
    const account = await openAccountWithProgress(options, view);
    const dynamodb = recordsClient(account);
    const [callerArn, installed, hours] = await Promise.all([
      account.callerArn(),
      isInstalled(account, dynamodb),
      hoursOf(dynamodb, account.owner),
    ]);
    view.end();
    if (output.json) writeJson(output, asJson(account, { callerArn, installed, hours }));
    else print(account, { callerArn, installed, hours }, output);
  });
}

/** What AWS tells about the caller. */
interface Found {
  readonly callerArn: string;
  readonly installed: boolean;
  /** Null without a cap on them. */
  readonly hours: HoursView | null;
}

/** Whether the region has Recode's table, whose record of the network can then be read. */
async function isInstalled(account: Account, dynamodb: DynamoDBClient): Promise<boolean> {
  const reading = readNetwork(dynamodb).then(() => true);
  return (await ifInstalled(orNotAllowed(account, policies.user, reading))) ?? false;
}

function asJson(account: Account, { callerArn, installed, hours }: Found) {
  const { owner, accountId, region, profile, provider, options } = account;
  return {
    owner,
    accountId,
    region,
    callerArn,
    profile: profile?.name ?? null,
    credentials: provider ? credentialsSource(provider).name : null,
    local: options.local,
    endpoints: Object.fromEntries(services.map((service) => [service, account.clientConfig(service).endpoint ?? null])),
    installed,
    hours,
  };
}

function print(account: Account, { callerArn, installed, hours }: Found, { stdout }: Output): void {
  const { owner, accountId, region, profile, provider, options } = account;
  stdout.write(`${paint(stdout, 'bold', owner)}${line` in ${region} of account ${accountId}`}\n\n`);
  stdout.write(
    table([
      ['caller', callerArn],
      ...(profile ? [['profile', namedProfile(profile)] as const] : []),
      ['credentials', provider ? credentialsSource(provider).words : 'none needed'],
      ...endpointRows(account),
      ['Recode', `${installed ? 'installed' : 'not installed'}${options.local ? ' in the embedded AWS on this machine' : ''}`],
      ...(hours ? [[hoursHeading(), hoursWords(hours)] as const] : []),
    ]),
  );
}

const namedProfile = ({ name, from }: ChosenProfile) => (from === 'nobody' ? name : `${name}, which ${profileSource[from]} names`);

/** One row if all services have the same endpoint; none for those of AWS itself. */
function endpointRows(account: Account): (readonly [string, string])[] {
  const configured = services.map((service) => [service, account.clientConfig(service).endpoint] as const);
  const [[, first]] = [...configured, ['', undefined] as const];
  if (first !== undefined && configured.every(([, endpoint]) => endpoint === first)) return [['endpoint', first]];
  return configured.flatMap(([service, endpoint]) => (endpoint === undefined ? [] : [[`endpoint of ${service}`, endpoint] as const]));
}
