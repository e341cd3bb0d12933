import { DescribeTableCommand, ListTagsOfResourceCommand } from '@aws-sdk/client-dynamodb';
import { DescribeTagsCommand } from '@aws-sdk/client-ec2';
import { expect, it } from 'vitest';
import { tagged } from '../../../aws/ec2/tags.ts';
import { putEnvironment } from '../../../aws/records/hold/environment.ts';
import { tableName } from '../../../core/names.ts';
import { createNetworkInterface } from '../../../functions/environment/create-network-interface.ts';
import { createSecurityGroup } from '../../../functions/environment/create-security-group.ts';
import { importKeyPair } from '../../../functions/environment/import-key-pair.ts';
import { launchInstance } from '../../../functions/environment/launch-instance.ts';
import { resolveImage } from '../../../functions/environment/resolve-image.ts';
import { attachInternetGateway } from '../../../functions/network/attach-internet-gateway.ts';
import { createInternetGateway } from '../../../functions/network/create-internet-gateway.ts';
import { createRouteTable } from '../../../functions/network/create-route-table.ts';
import { createSubnet } from '../../../functions/network/create-subnet.ts';
import { createVpc } from '../../../functions/network/create-vpc.ts';
import { createTable } from '../../../functions/table/create-table.ts';
import { testAccount } from '../../functions/account.ts';
import { environment, instanceType, launchPlan, operation, readyNetwork } from '../../functions/documents.ts';
import { recordOf } from '../../functions/installed.ts';

const ours = { Key: 'recode:managed-by', Value: 'recode' };
const costTag = { Key: 'team', Value: 'platform' };

it('puts the administrator’s tags beside ours', () => {
  expect(tagged('vpc', [ours], [costTag])).toEqual([{ ResourceType: 'vpc', Tags: [ours, costTag] }]);
});

it('every resource that a first start creates has the administrator’s tags', async () => {
  await using account = await testAccount();
  account.choose({ costTags: [costTag] });
  await account.run(createTable, {});
  const { owner, repository, name, request } = environment;
  await putEnvironment(account.dynamodb, recordOf({ owner, repository, name, request }));
  const vpc = await account.run(createVpc, {});
  const internetGateway = await account.run(createInternetGateway, {});
  await account.run(attachInternetGateway, { vpc, internetGateway });
  const subnet = await account.run(createSubnet, { vpc, instanceType });
  const routeTable = await account.run(createRouteTable, { operation, vpc, internetGateway, subnet });
  const document = {
    environment,
    operation,
    instanceType,
    plan: launchPlan,
    network: readyNetwork({ ...vpc, ...internetGateway, ...subnet, ...routeTable }),
  };
  const securityGroup = await account.run(createSecurityGroup, document);
  const networkInterface = await account.run(createNetworkInterface, { ...document, securityGroup });
  const [keyPair, image] = await Promise.all([account.run(importKeyPair, document), account.run(resolveImage, document)]);
  await account.run(launchInstance, { ...document, networkInterface, keyPair, image });

  const { Tags = [] } = await account.ec2.send(new DescribeTagsCommand({}));
  const typesWith = ({ Key, Value }: typeof ours) =>
    Tags.flatMap((tag) => (tag.Key === Key && tag.Value === Value ? `${tag.ResourceType}` : [])).sort();
  expect(typesWith(costTag)).toEqual(typesWith(ours));
  expect(new Set(typesWith(costTag)).size).toBe(9);
  const { Table } = await account.dynamodb.send(new DescribeTableCommand({ TableName: tableName }));
  const table = await account.dynamodb.send(new ListTagsOfResourceCommand({ ResourceArn: Table?.TableArn }));
  expect(table.Tags).toContainEqual(costTag);
});
