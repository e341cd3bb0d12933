import { describe, expect, it } from 'vitest';
import { compilePolicy, type Need, refusalOf } from '../../src/iam/policy.ts';

const vpc = 'arn:aws:ec2:eu-west-1:000000000000:vpc/vpc-1';

/** A need of `ec2:DeleteVpc` on a VPC, with these condition keys. */
function need(given: Partial<Omit<Need, 'keys'>> & { keys?: Record<string, readonly string[]> } = {}): Need {
  const { keys = {}, ...rest } = given;
  return { action: 'ec2:DeleteVpc', resource: vpc, ...rest, keys: (key) => keys[key] };
}

const document = (...statements: object[]) => ({ Version: '2012-10-17', Statement: statements });
const policy = (...statements: object[]) => compilePolicy(document(...statements), 'Test');
const allow = (rest: object = {}) => ({ Effect: 'Allow', Action: 'ec2:*', Resource: '*', ...rest });
const deny = (rest: object = {}) => ({ Effect: 'Deny', Action: 'ec2:*', Resource: '*', ...rest });

describe('a policy', () => {
  it('allows what a statement allows, unless another one denies it', () => {
    expect(policy(allow()).judge(need())).toBe('allows');
    expect(policy(allow({ Action: 'ec2:DeleteSubnet' })).judge(need())).toBe('is silent');
    expect(policy(deny(), allow()).judge(need())).toBe('denies');
    expect(policy(allow(), deny({ Action: 'ec2:DeleteSubnet' })).judge(need())).toBe('allows');
  });

  it('may have a single statement', () => {
    expect(compilePolicy({ Version: '2012-10-17', Statement: allow() }, 'Test').judge(need())).toBe('allows');
  });

  it.each([
    ['ec2:DeleteVpc', true],
    ['EC2:deletevpc', true],
    ['ec2:Delete*', true],
    ['ec2:*Vpc', true],
    ['ec2:DeleteVp?', true],
    ['ec2:DeleteVpc?', false],
    ['ec2:Delete', false],
    ['ec2:DeleteVpcEndpoints', false],
    ['dynamodb:*', false],
    ['*', true],
  ])('with the action %s covers ec2:DeleteVpc: %s', (Action, covered) => {
    expect(policy(allow({ Action })).judge(need())).toBe(covered ? 'allows' : 'is silent');
    expect(policy(allow({ Action: ['s3:GetObject', Action] })).judge(need())).toBe(covered ? 'allows' : 'is silent');
    expect(policy({ Effect: 'Allow', NotAction: Action, Resource: '*' }).judge(need())).toBe(covered ? 'is silent' : 'allows');
  });

  it.each([
    [vpc, true],
    ['*', true],
    ['arn:aws:ec2:*:*:vpc/*', true],
    ['arn:aws:ec2:eu-west-1:000000000000:*', true],
    ['arn:aws:ec2:eu-west-?:000000000000:vpc/vpc-?', true],
    ['arn:*:ec2:*:*:*/vpc-1', true],
    ['arn:aws:ec2:*:*:VPC/*', false],
    ['arn:aws:ec2:*:*:subnet/*', false],
    ['arn:aws:ec2:us-east-1:000000000000:vpc/*', false],
    ['arn:aws:ec2:*:*:vpc/vpc-1.', false],
    ['arn:aws:ec2:*:*:vpc/vpc', false],
  ])('with the resource %s covers a VPC: %s', (Resource, covered) => {
    expect(policy(allow({ Resource })).judge(need())).toBe(covered ? 'allows' : 'is silent');
    expect(policy({ Effect: 'Allow', Action: '*', NotResource: [Resource] }).judge(need())).toBe(covered ? 'is silent' : 'allows');
  });

  it('that names resources does not cover what is about none in particular', () => {
    const describing = need({ action: 'ec2:DescribeVpcs', resource: '*' });
    expect(policy(allow({ Resource: 'arn:aws:ec2:*:*:*' })).judge(describing)).toBe('is silent');
    expect(policy(allow()).judge(describing)).toBe('allows');
  });
});

describe('a condition', () => {
  const red = { 'aws:resourcetag/team': ['red'] };
  const keysOfTags = (...keys: string[]) => ({ 'aws:tagkeys': keys });
  const cases: [string, object, Record<string, readonly string[]>, boolean][] = [
    ['StringEquals the same', { StringEquals: { 'aws:ResourceTag/team': 'red' } }, red, true],
    ['StringEquals in other letters', { StringEquals: { 'aws:ResourceTag/team': 'Red' } }, red, false],
    ['a key in other letters', { StringEquals: { 'AWS:resourceTag/Team': 'red' } }, red, true],
    ['StringEquals one of several', { StringEquals: { 'aws:ResourceTag/team': ['blue', 'red'] } }, red, true],
    ['StringEquals takes no wildcard', { StringEquals: { 'aws:ResourceTag/team': 'r*' } }, red, false],
    ['StringEquals without the key', { StringEquals: { 'aws:ResourceTag/team': 'red' } }, {}, false],
    ['StringNotEquals another', { StringNotEquals: { 'aws:ResourceTag/team': 'blue' } }, red, true],
    ['StringNotEquals one of several', { StringNotEquals: { 'aws:ResourceTag/team': ['blue', 'red'] } }, red, false],
    ['StringNotEquals without the key', { StringNotEquals: { 'aws:ResourceTag/team': 'blue' } }, {}, true],
    ['StringLike', { StringLike: { 'aws:ResourceTag/team': 'r?d*' } }, red, true],
    ['StringLike another', { StringLike: { 'aws:ResourceTag/team': 'r?' } }, red, false],
    ['StringNotLike', { StringNotLike: { 'aws:ResourceTag/team': 'b*' } }, red, true],
    ['StringEqualsIfExists the same', { StringEqualsIfExists: { 'aws:ResourceTag/team': 'red' } }, red, true],
    ['StringEqualsIfExists another', { StringEqualsIfExists: { 'aws:ResourceTag/team': 'blue' } }, red, false],
    ['StringEqualsIfExists without the key', { StringEqualsIfExists: { 'aws:ResourceTag/team': 'blue' } }, {}, true],
    [
      'all keys',
      { StringEquals: { 'aws:ResourceTag/team': 'red', 'ec2:Region': 'eu-west-1' } },
      { ...red, 'ec2:region': ['eu-west-1'] },
      true,
    ],
    ['all keys but one', { StringEquals: { 'aws:ResourceTag/team': 'red', 'ec2:Region': 'eu-west-1' } }, red, false],
    ['all operators but one', { StringEquals: { 'aws:ResourceTag/team': 'red' }, Null: { 'ec2:Region': 'false' } }, red, false],
    ['Null with the key', { Null: { 'aws:ResourceTag/team': 'true' } }, red, false],
    ['Null without the key', { Null: { 'aws:ResourceTag/team': true } }, {}, true],
    ['not Null with the key', { Null: { 'aws:ResourceTag/team': false } }, red, true],
    ['ForAllValues within', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b', 'c'] } }, keysOfTags('a', 'b'), true],
    ['ForAllValues with one too many', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b'] } }, keysOfTags('a', 'z'), false],
    ['ForAllValues without the key', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a'] } }, {}, true],
    ['ForAnyValue with one', { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['a'] } }, keysOfTags('z', 'a'), true],
    ['ForAnyValue with none', { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['a'] } }, keysOfTags('z'), false],
    ['ForAnyValue without the key', { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['a'] } }, {}, false],
    ['ArnLike', { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/a*' } }, { 'aws:principalarn': ['arn:aws:iam::1:role/a/b'] }, true],
    [
      'ArnEquals, likewise',
      { ArnEquals: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/a*' } },
      { 'aws:principalarn': ['arn:aws:iam::1:role/a'] },
      true,
    ],
    [
      'ArnLike within its parts',
      { ArnLike: { 'aws:PrincipalArn': 'arn:*:role/a' } },
      { 'aws:principalarn': ['arn:aws:iam::1:role/a'] },
      false,
    ],
    ['Bool', { Bool: { 'codebuild:Privileged': 'True' } }, { 'codebuild:privileged': ['true'] }, true],
    ['Bool of another', { Bool: { 'codebuild:Privileged': false } }, { 'codebuild:privileged': ['true'] }, false],
  ];

  it.each(cases)('%s', (_, Condition, keys, holds) => {
    expect(policy(allow({ Condition })).judge(need({ keys }))).toBe(holds ? 'allows' : 'is silent');
    expect(policy(allow(), deny({ Condition })).judge(need({ keys }))).toBe(holds ? 'denies' : 'allows');
  });
});

describe('rights', () => {
  const everything = policy(allow());
  const nothing = policy(allow({ Action: 'ec2:DescribeVpcs' }));

  it('are what any of the policies allows and none denies', () => {
    expect(refusalOf({ policies: [nothing, everything] }, need())).toBeUndefined();
    expect(refusalOf({ policies: [] }, need())).toBe('because no identity-based policy allows the ec2:DeleteVpc action');
    expect(refusalOf({ policies: [everything, policy(deny())] }, need())).toBe('with an explicit deny in an identity-based policy');
  });

  it('end at the permissions boundary, which gives none', () => {
    expect(refusalOf({ policies: [everything], boundary: everything }, need())).toBeUndefined();
    expect(refusalOf({ policies: [nothing], boundary: everything }, need())).toMatch('no identity-based policy');
    expect(refusalOf({ policies: [everything], boundary: nothing }, need())).toBe(
      'because no permissions boundary allows the ec2:DeleteVpc action',
    );
    expect(refusalOf({ policies: [everything], boundary: policy(allow(), deny()) }, need())).toBe(
      'with an explicit deny in a permissions boundary',
    );
  });
});

describe('what cannot be enforced as on AWS', () => {
  const refused = (statement: object) => () => policy(statement);
  const tag = (key: string) => ({ StringEquals: { [key]: 'x' } });

  it.each<[string, object, RegExp]>([
    ['a misspelt element', { ...allow(), Resources: '*' }, /Resources/],
    ['a principal', { ...allow(), Principal: '*' }, /Principal/],
    ['no action', { Effect: 'Allow', Resource: '*' }, /needs one of Action and NotAction/],
    ['an action and its negation', allow({ NotAction: 'ec2:*' }), /needs one of Action and NotAction/],
    ['no resource', { Effect: 'Allow', Action: '*' }, /needs one of Resource and NotResource/],
    ['no actions at all', allow({ Action: [] }), /length/],
    ['another effect', allow({ Effect: 'Permit' }), /Effect/],
    ['an action without a service', allow({ Action: 'CreateVpc' }), /CreateVpc is no action/],
    ['a resource that is no ARN', allow({ Resource: 'vpc/*' }), /vpc\/\* is no ARN/],
    ['an ARN that is cut off', allow({ Resource: 'arn:aws:ec2:*' }), /is no ARN/],
    ['a policy variable in a resource', allow({ Resource: 'arn:aws:ec2:*:*:vpc/${aws:username}' }), /policy variable \$\{aws:username\}/],
    [
      'a policy variable in a condition',
      allow({ Condition: { StringEquals: { 'aws:ResourceTag/a': '${aws:username}' } } }),
      /policy variable/,
    ],
    ['an operator', allow({ Condition: { DateLessThan: { 'aws:CurrentTime': '2030-01-01' } } }), /operator DateLessThan/],
    ['a quantifier', allow({ Condition: { 'ForNoValue:StringEquals': { 'aws:TagKeys': 'a' } } }), /operator ForNoValue:StringEquals/],
    ['several values without a quantifier', allow({ Condition: tag('aws:TagKeys') }), /ForAllValues: or ForAnyValue:/],
    ['Null of anything else', allow({ Condition: { Null: { 'aws:TagKeys': 'maybe' } } }), /Null takes true or false/],
    ['a condition without values', allow({ Condition: { StringEquals: { 'aws:TagKeys': [] } } }), /length/],
    ['a global key', allow({ Condition: tag('aws:SourceIp') }), /condition key aws:sourceip of requests to ec2/],
    ['a key of the service', allow({ Condition: tag('ec2:InstanceType') }), /condition key ec2:instancetype/],
    ['tags of tables', allow({ Action: 'dynamodb:GetItem', Condition: tag('aws:ResourceTag/a') }), /of requests to dynamodb/],
    ['a key where all actions are meant', allow({ Action: '*', Condition: tag('aws:ResourceTag/a') }), /of requests to dynamodb/],
    ['a key where all but some are', { Effect: 'Allow', NotAction: 's3:*', Resource: '*', Condition: tag('ec2:Vpc') }, /ec2:vpc/],
  ])('is refused when it is read: %s', (_, statement, message) => {
    expect(refused(statement)).toThrow(message);
    expect(refused(statement)).toThrow(/^The packaged stack cannot be read at Test/);
  });

  it('is let pass in a statement about services that nobody here asks', () => {
    const kms = allow({
      Action: ['kms:CreateGrant'],
      Condition: { StringEquals: { 'aws:SourceIp': '10.0.0.1', 'kms:ViaService': 'ec2' } },
    });
    expect(policy(kms, allow()).judge(need())).toBe('allows');
  });

  it('is refused of a document as a whole', () => {
    expect(() => compilePolicy({ Version: '2020-01-01', Statement: [] }, 'Test')).toThrow(/at Test\.Version: /);
    expect(() => compilePolicy({ Statement: [] }, 'Test')).toThrow(/at Test\.Statement: .*length/);
    expect(() => compilePolicy(undefined, 'Test')).toThrow(/at Test: /);
  });
});
