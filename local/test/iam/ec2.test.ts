import {
  DescribeAvailabilityZonesCommand,
  DescribeImagesCommand,
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  DescribeInternetGatewaysCommand,
  DescribeKeyPairsCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeTagsCommand,
  DescribeVolumesCommand,
  DescribeVolumesModificationsCommand,
  DescribeVpcsCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { operations } from '../../src/ec2/ec2.ts';
import { isEc2ActionKnown } from '../../src/iam/authorization/ec2.ts';
import { type RecordedEc2, startRecordedEc2 } from './recorded.ts';

let ec2: RecordedEc2;
beforeAll(async () => {
  ec2 = await startRecordedEc2();
});
afterAll(() => ec2.stop());

it('knows the resources of each supported action', () => {
  expect(Object.keys(operations).filter((action) => !isEc2ActionKnown(action))).toEqual([]);
  expect(isEc2ActionKnown('toString')).toBe(false);
});

const describing: readonly (readonly [action: string, call: (client: EC2Client) => Promise<unknown>])[] = [
  ['DescribeVpcs', (to) => to.send(new DescribeVpcsCommand())],
  ['DescribeSubnets', (to) => to.send(new DescribeSubnetsCommand())],
  ['DescribeAvailabilityZones', (to) => to.send(new DescribeAvailabilityZonesCommand())],
  ['DescribeInternetGateways', (to) => to.send(new DescribeInternetGatewaysCommand())],
  ['DescribeRouteTables', (to) => to.send(new DescribeRouteTablesCommand())],
  ['DescribeSecurityGroups', (to) => to.send(new DescribeSecurityGroupsCommand())],
  ['DescribeSecurityGroupRules', (to) => to.send(new DescribeSecurityGroupRulesCommand())],
  ['DescribeKeyPairs', (to) => to.send(new DescribeKeyPairsCommand())],
  ['DescribeNetworkInterfaces', (to) => to.send(new DescribeNetworkInterfacesCommand())],
  ['DescribeInstances', (to) => to.send(new DescribeInstancesCommand())],
  ['DescribeInstanceStatus', (to) => to.send(new DescribeInstanceStatusCommand())],
  ['DescribeInstanceTypes', (to) => to.send(new DescribeInstanceTypesCommand())],
  ['DescribeInstanceTypeOfferings', (to) => to.send(new DescribeInstanceTypeOfferingsCommand())],
  ['DescribeImages', (to) => to.send(new DescribeImagesCommand())],
  ['DescribeVolumes', (to) => to.send(new DescribeVolumesCommand())],
  ['DescribeVolumesModifications', (to) => to.send(new DescribeVolumesModificationsCommand())],
  ['DescribeTags', (to) => to.send(new DescribeTagsCommand())],
];

it.each(describing)('%s has no resource-level permissions', async (action, call) => {
  expect(await ec2.needs(call)).toEqual([`ec2:${action} *`]);
});
