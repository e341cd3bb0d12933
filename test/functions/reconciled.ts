import { putItem } from '../../aws/records/hold/table.ts';
import type { Check, ReconcilePage } from '../../core/document.ts';
import type { Environment } from '../../core/environment.ts';
import { nothingFound } from '../../core/finding.ts';
import { allowSsh } from '../../functions/environment/allow-ssh.ts';
import { type TestAccount, testAccount } from './account.ts';
import { environment, readyNetwork } from './documents.ts';
import { environmentKey, recordOf } from './installed.ts';
import { launched, untilState } from './launched.ts';
import { makeRouteTable } from './resources.ts';

/** An hour, after which nothing is young any more, in milliseconds. */
export const hour = 3_600_000;

/** A check that may change so much, asked for by alice, who is an administrator unless said otherwise. */
export const check = (extent: Check['extent'], administrator = true): Check => ({
  extent,
  delete: [],
  by: { owner: 'alice', administrator },
});

export const firstPage: ReconcilePage = { found: nothingFound, findings: [] };

/** An account with an hour-old environment that runs, whose record, claim and network agree with EC2. */
export async function agreeing() {
  const account = await testAccount();
  const { instanceId, document } = await launched(account);
  const { PublicIpAddress = '', Tags = [] } = await untilState(account, instanceId, 'running');
  const hostKey = Tags.find(({ Key }) => Key === 'recode:ssh-host-key')?.Value ?? '';
  const instance = { instanceId, instanceType: 't2.medium', architecture: 'x86_64', hostKey } as const;
  await account.run(allowSsh, { ...document, launch: { instanceId } });
  account.aws.clock.advance(hour);
  const stopAt = new Date(account.aws.clock.now() + hour).toISOString();
  await replaceRecord(account, recordOf({ name: environment.name, instance, publicIpAddress: PublicIpAddress, stopAt }));
  await putItem(account.dynamodb, { kind: 'name', id: environment.name }, { environment: 'alice/acme/api', uid: environment.uid });
  const { vpcId, subnets } = document.network.ids;
  const internetGatewayId = document.network.ids.internetGatewayId;
  const routeTableId = await makeRouteTable(account.ec2, vpcId);
  const network = readyNetwork({ vpcId, subnetId: subnets[0].subnetId, internetGatewayId, routeTableId });
  await putItem(account.dynamodb, { kind: 'network', id: 'network' }, network);
  return { account, instanceId, document, network, [Symbol.asyncDispose]: () => account[Symbol.asyncDispose]() };
}

export const replaceRecord = (account: TestAccount, record: Environment) =>
  putItem(account.dynamodb, environmentKey, record, { when: 'attribute_exists(#kind)', values: {} });

export const shown = ({ findings }: ReconcilePage) => findings.map(({ kind, subject, outcome }) => [kind, subject, outcome ?? 'left']);
