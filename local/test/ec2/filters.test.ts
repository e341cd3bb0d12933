import {
  CreateSecurityGroupCommand,
  CreateVpcCommand,
  DescribeSecurityGroupsCommand,
  DescribeVpcsCommand,
  type Filter,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal, startEc2, type TestEc2 } from './server.ts';

let test: TestEc2;
let vpc: string;
beforeAll(async () => {
  test = await startEc2();
  vpc = (await test.client.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))).Vpc?.VpcId ?? '';
  for (const [name, ...tags] of [
    ['alpha', 'Team=one', 'Stage=test'],
    ['Alpha 2', 'Team=two'],
    ['beta', 'Team=one', 'Odd=a*b'],
    ['b.ta', 'Odd=axb', 'Path=c:_x'],
  ]) {
    const Tags = tags.map((tag) => tag.split('=')).map(([Key, Value]) => ({ Key, Value: Value?.replace('*', '+') }));
    const TagSpecifications = [{ ResourceType: 'security-group' as const, Tags }];
    await test.client.send(
      new CreateSecurityGroupCommand({ VpcId: vpc, GroupName: name, Description: `group ${name}`, TagSpecifications }),
    );
  }
});
afterAll(() => test.stop());

const groups = async (filters: Record<string, string | string[]>) => {
  const Filters: Filter[] = Object.entries(filters).map(([Name, values]) => ({ Name, Values: [values].flat() }));
  const { SecurityGroups } = await test.client.send(new DescribeSecurityGroupsCommand({ Filters }));
  return SecurityGroups?.map(({ GroupName }) => GroupName);
};

describe('a filter', () => {
  it.each<[string, Record<string, string | string[]>, string[]]>([
    ['matches any of its values', { 'group-name': ['alpha', 'beta', 'gamma'] }, ['alpha', 'beta']],
    ['must match together with all other filters', { 'group-name': ['alpha', 'beta'], 'tag:Stage': 'test' }, ['alpha']],
    ['is case-sensitive', { 'group-name': 'Alpha*' }, ['Alpha 2']],
    ['matches any text by a star, even none', { 'group-name': 'alpha*' }, ['alpha']],
    ['matches by a star in the middle', { 'group-name': '*l*a*' }, ['alpha', 'Alpha 2']],
    ['matches one character by a question mark', { 'group-name': 'b?ta' }, ['beta', 'b.ta']],
    ['matches a dot by a dot', { 'group-name': 'b.ta' }, ['b.ta']],
    ['must match the whole value', { 'group-name': 'alph' }, []],
    ['matches an escaped wildcard literally', { 'group-name': 'b\\?ta' }, []],
    ['matches an escaped character literally', { 'group-name': '\\b.t\\a' }, ['b.ta']],
    ['matches the value of a tag', { 'tag:Team': ['one'] }, ['alpha', 'beta']],
    ['matches the key of a tag', { 'tag-key': ['Stage', 'Path'] }, ['alpha', 'b.ta']],
    ['matches tag keys by a pattern', { 'tag-key': 'T*' }, ['alpha', 'Alpha 2', 'beta']],
    ['matches all resources with a tag', { 'tag:Odd': '*' }, ['beta', 'b.ta']],
    ['is case-sensitive for tag keys', { 'tag:team': 'one' }, []],
  ])('%s', async (_what, filters, found) => {
    expect(await groups(filters)).toEqual(expect.arrayContaining(found));
    expect(await groups(filters)).toHaveLength(found.length);
  });

  it('matches a single backslash literally', async () => {
    expect(await groups({ 'group-name': 'alpha\\' })).toEqual([]);
  });

  it('has at most 200 values in a call', async () => {
    const values = (count: number) => Array.from({ length: count }, (_, index) => `name ${index}`);
    expect(await groups({ 'group-name': values(200) })).toEqual([]);
    expect(await refusal(groups({ 'group-name': values(150), 'group-id': values(51) }))).toMatchObject({ code: 'FilterLimitExceeded' });
    const withoutValues = test.client.send(new DescribeVpcsCommand({ Filters: [{ Name: 'state' }] }));
    expect(await refusal(withoutValues)).toMatchObject({ code: 'InvalidParameterValue' });
    const withoutName = test.client.send(new DescribeVpcsCommand({ Filters: [{ Values: ['state'] }] }));
    expect(await refusal(withoutName)).toMatchObject({ code: 'InvalidParameterValue' });
  });
});

describe('IDs and filters', () => {
  it('must both match', async () => {
    const found = async (value: string) =>
      (await test.client.send(new DescribeVpcsCommand({ VpcIds: [vpc], Filters: [{ Name: 'cidr', Values: [value] }] }))).Vpcs?.length;
    expect(await found('10.0.0.0/16')).toBe(1);
    expect(await found('10.1.0.0/16')).toBe(0);
  });
});
