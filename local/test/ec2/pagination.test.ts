import {
  CreateSecurityGroupCommand,
  CreateVpcCommand,
  DeleteSecurityGroupCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  type DescribeSecurityGroupsCommandInput,
  DescribeSubnetsCommand,
  paginateDescribeSecurityGroups,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusal, startEc2, type TestEc2 } from './server.ts';

let test: TestEc2;
let ids: string[];
beforeEach(async () => {
  test = await startEc2();
  const { Vpc } = await test.client.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  ids = [];
  for (let count = 0; count < 12; count++) {
    const group = new CreateSecurityGroupCommand({ VpcId: Vpc?.VpcId, GroupName: `group ${count}`, Description: 'a' });
    ids.push((await test.client.send(group)).GroupId ?? '');
  }
});
afterEach(() => test.stop());

const filter = { Filters: [{ Name: 'group-name', Values: ['group *'] }] };
const page = async (input: DescribeSecurityGroupsCommandInput) => {
  const { SecurityGroups = [], NextToken } = await test.client.send(new DescribeSecurityGroupsCommand({ ...filter, ...input }));
  return { found: SecurityGroups.map(({ GroupId = '' }) => GroupId), NextToken };
};

describe('a description in pages', () => {
  it('shows everything once', async () => {
    const sizes: number[] = [];
    const found: string[] = [];
    for await (const { SecurityGroups = [] } of paginateDescribeSecurityGroups({ client: test.client, pageSize: 5 }, { ...filter })) {
      sizes.push(SecurityGroups.length);
      found.push(...SecurityGroups.map(({ GroupId = '' }) => GroupId));
    }
    expect(sizes).toEqual([5, 5, 2]);
    expect(found.sort()).toEqual([...ids].sort());
  });

  it('has no next page after the last item', async () => {
    expect((await page({ MaxResults: 12 })).NextToken).toBeUndefined();
    expect((await page({ MaxResults: 11 })).NextToken).toBeDefined();
    expect(await page({})).toEqual({ found: ids, NextToken: undefined });
  });

  it('continues after a deleted item', async () => {
    const first = await page({ MaxResults: 5 });
    await test.client.send(new DeleteSecurityGroupCommand({ GroupId: first.found[4] }));
    const second = await page({ MaxResults: 5, NextToken: first.NextToken });
    const third = await page({ MaxResults: 5, NextToken: second.NextToken });
    expect([...first.found, ...second.found, ...third.found].sort()).toEqual([...ids].sort());
  });

  it('continues to the end without a page size', async () => {
    const first = await page({ MaxResults: 5 });
    expect((await page({ NextToken: first.NextToken })).found).toHaveLength(7);
  });

  it.each([0, 4, 1001])('has no pages of %i', async (MaxResults) => {
    expect(await refusal(page({ MaxResults }))).toEqual({
      code: 'InvalidParameterValue',
      message: `Value ( ${MaxResults} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.`,
      status: 400,
    });
  });

  it('has smaller pages for route tables', async () => {
    await test.client.send(new DescribeRouteTablesCommand({ MaxResults: 100 }));
    expect(await refusal(test.client.send(new DescribeRouteTablesCommand({ MaxResults: 101 })))).toMatchObject({
      code: 'InvalidParameterValue',
    });
  });

  it('accepts only the token of the same request', async () => {
    const { NextToken } = await page({ MaxResults: 5 });
    const wrong = { code: 'InvalidParameterValue', message: 'Unable to parse pagination token', status: 400 };
    for (const token of ['x', '', 'e30', `${NextToken}x`]) expect(await refusal(page({ NextToken: token }))).toEqual(wrong);
    expect(await refusal(page({ NextToken, Filters: [] }))).toEqual(wrong);
    expect(await refusal(test.client.send(new DescribeSubnetsCommand({ ...filter, Filters: [], NextToken })))).toEqual(wrong);
  });
});
