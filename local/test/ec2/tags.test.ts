import {
  CreateInternetGatewayCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  DeleteTagsCommand,
  DescribeTagsCommand,
  DescribeVpcsCommand,
  type ResourceType,
  type Tag,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusal, startEc2, type TestEc2 } from './server.ts';

let test: TestEc2;
let vpc: string;
beforeEach(async () => {
  test = await startEc2();
  vpc = await createVpc([]);
});
afterEach(() => test.stop());

const createVpc = async (Tags: Tag[] | undefined, ResourceType: ResourceType = 'vpc') => {
  const TagSpecifications = Tags?.length === 0 ? undefined : [{ ResourceType, Tags }];
  const { Vpc } = await test.client.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16', TagSpecifications }));
  return Vpc?.VpcId ?? '';
};
const tag = (Tags: Tag[], ...Resources: string[]) => test.client.send(new CreateTagsCommand({ Resources, Tags }));
const untag = (Tags: Tag[] | undefined, ...Resources: string[]) => test.client.send(new DeleteTagsCommand({ Resources, Tags }));
const tagsOf = async (id: string) => (await test.client.send(new DescribeVpcsCommand({ VpcIds: [id] }))).Vpcs?.[0]?.Tags;
const many = (count: number) => Array.from({ length: count }, (_, index) => ({ Key: `key ${index}`, Value: '' }));

describe('tags in a call that creates a resource', () => {
  it('are the tags of the resource', async () => {
    const tags = [
      { Key: 'Name', Value: 'größe + a-b=c._:/@' },
      { Key: 'empty', Value: '' },
    ];
    expect(await tagsOf(await createVpc(tags))).toEqual(tags);
  });

  it.each<[string, Tag[] | undefined, string, string]>([
    ['without tags', undefined, 'InvalidParameterValue', 'Tag specification must have at least one tag'],
    [
      'with a duplicate key',
      [
        { Key: 'a', Value: '1' },
        { Key: 'a', Value: '2' },
      ],
      'InvalidParameterValue',
      "Duplicate tag key 'a' specified.",
    ],
    [
      'with a key of AWS',
      [{ Key: 'aws:a' }],
      'InvalidParameterValue',
      "Value ( aws:a ) for parameter key is invalid. Tag keys starting with 'aws:' are reserved for internal use",
    ],
    ['with a long key', [{ Key: 'k'.repeat(128) }], 'InvalidParameterValue', 'Tag key exceeds the maximum length of 127 characters.'],
    [
      'with a long value',
      [{ Key: 'k', Value: 'v'.repeat(257) }],
      'InvalidParameterValue',
      'Tag value exceeds the maximum length of 256 characters.',
    ],
    [
      'with a character that tags cannot have',
      [{ Key: 'k', Value: 'a;b' }],
      'InvalidParameterValue',
      'It contains characters that a tag cannot have.',
    ],
    ['with too many of them', many(51), 'TagLimitExceeded', 'The maximum number of Tags for a resource has been reached.'],
  ])('are refused %s', async (_how, tags, code, message) => {
    expect(await refusal(createVpc(tags))).toEqual({ code, message: expect.stringContaining(message), status: 400 });
    expect((await test.client.send(new DescribeVpcsCommand({}))).Vpcs).toHaveLength(1);
  });

  it('are refused for a type that the call does not create', async () => {
    expect(await refusal(createVpc([{ Key: 'a', Value: 'b' }], 'subnet'))).toEqual({
      code: 'InvalidParameterValue',
      message: "'subnet' is not a valid taggable resource type for this operation.",
      status: 400,
    });
  });

  it('may be fifty of the longest', async () => {
    await createVpc([...many(49), { Key: 'k'.repeat(127), Value: 'v'.repeat(256) }]);
  });
});

describe('tags of CreateTags and DeleteTags', () => {
  it('replace tags with the same key and keep the others', async () => {
    await tag(
      [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ],
      vpc,
    );
    await tag([{ Key: 'b', Value: '3' }, { Key: 'c' }], vpc);
    expect(await tagsOf(vpc)).toEqual([
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '3' },
      { Key: 'c', Value: '' },
    ]);
  });

  it('change all resources or none', async () => {
    const other = await createVpc([]);
    const missing = 'subnet-00000000000000000';
    expect(await refusal(tag([{ Key: 'a' }], vpc, missing))).toEqual({
      code: 'InvalidSubnetID.NotFound',
      message: `The subnet ID '${missing}' does not exist`,
      status: 400,
    });
    expect(await refusal(tag([{ Key: 'a' }], vpc, 'thing-1'))).toEqual({
      code: 'InvalidID',
      message: "The ID 'thing-1' is not valid",
      status: 400,
    });
    await tag(many(50), other);
    expect(await refusal(tag([{ Key: 'a' }], vpc, other))).toMatchObject({ code: 'TagLimitExceeded' });
    expect(await tagsOf(vpc)).toEqual([]);
    await tag([{ Key: 'key 7', Value: 'again' }], vpc, other);
    expect(await tagsOf(vpc)).toEqual([{ Key: 'key 7', Value: 'again' }]);
    expect(await tagsOf(other)).toContainEqual({ Key: 'key 7', Value: 'again' });
  });

  it('are removed by key, by key and value, or all at once', async () => {
    await tag(
      [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
        { Key: 'c', Value: '' },
        { Key: 'd', Value: '4' },
      ],
      vpc,
    );
    await untag([{ Key: 'a' }, { Key: 'b', Value: 'other' }, { Key: 'c', Value: '' }, { Key: 'x' }], vpc);
    expect(await tagsOf(vpc)).toEqual([
      { Key: 'b', Value: '2' },
      { Key: 'd', Value: '4' },
    ]);
    await untag([{ Key: 'b', Value: '2' }], vpc);
    expect(await tagsOf(vpc)).toEqual([{ Key: 'd', Value: '4' }]);
    await untag(undefined, vpc);
    expect(await tagsOf(vpc)).toEqual([]);
  });
});

describe('all tags', () => {
  it('can be filtered for all kinds of resources', async () => {
    const { InternetGateway } = await test.client.send(new CreateInternetGatewayCommand({}));
    const gateway = InternetGateway?.InternetGatewayId ?? '';
    await tag(
      [
        { Key: 'Name', Value: 'one' },
        { Key: 'Team', Value: 'one' },
      ],
      vpc,
    );
    await tag([{ Key: 'Name', Value: 'two' }], gateway);
    const found = async (Name: string, ...Values: string[]) => {
      const { Tags } = await test.client.send(new DescribeTagsCommand({ Filters: [{ Name, Values }] }));
      return Tags?.map(({ ResourceId, ResourceType, Key, Value }) => `${ResourceType} ${ResourceId} ${Key}=${Value}`);
    };
    const [vpcName, vpcTeam, gatewayName] = [`vpc ${vpc} Name=one`, `vpc ${vpc} Team=one`, `internet-gateway ${gateway} Name=two`];
    expect((await found('key', '*'))?.sort()).toEqual([gatewayName, vpcName, vpcTeam].sort());
    expect(await found('key', 'Team')).toEqual([vpcTeam]);
    expect(await found('value', 'one')).toEqual([vpcName, vpcTeam]);
    expect(await found('resource-id', gateway)).toEqual([gatewayName]);
    expect(await found('resource-type', 'internet-gateway')).toEqual([gatewayName]);
    expect(await found('tag:Name', 'one', 'three')).toEqual([vpcName]);
  });

  it('have pages', async () => {
    await tag(many(12), vpc);
    const keys: string[] = [];
    let NextToken: string | undefined;
    let pages = 0;
    do {
      const page = await test.client.send(new DescribeTagsCommand({ MaxResults: 5, NextToken }));
      keys.push(...(page.Tags ?? []).map(({ Key = '' }) => Key));
      NextToken = page.NextToken;
      pages++;
    } while (NextToken);
    expect(pages).toBe(3);
    expect(keys.sort()).toEqual(
      many(12)
        .map(({ Key }) => Key)
        .sort(),
    );
  });
});
