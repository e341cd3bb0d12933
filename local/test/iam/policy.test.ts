import { describe, expect, it } from 'vitest';
import { keysOf } from '../../src/iam/keys.ts';
import { compilePolicy, type Need, refusalOf } from '../../src/iam/policy.ts';

const vpc = 'arn:aws:ec2:eu-west-1:000000000000:vpc/vpc-1';

/** The need to delete a VPC, with these condition keys. */
function need(given: Partial<Omit<Need, 'keys'>> & { keys?: Record<string, string | string[]> } = {}): Need {
  const { keys = {}, ...rest } = given;
  return { action: 'ec2:DeleteVpc', resource: vpc, ...rest, keys: (key) => keys[key] };
}

const document = (...statements: object[]) => ({ Version: '2012-10-17', Statement: statements });
const policy = (...statements: object[]) => compilePolicy(document(...statements), 'Test');
const allow = (rest: object = {}) => ({ Effect: 'Allow', Action: 'ec2:*', Resource: '*', ...rest });

describe('a policy', () => {
  it('allows what any of its statements allows', () => {
    expect(policy(allow({ Action: 'ec2:DeleteSubnet' })).allows(need())).toBe(false);
    expect(policy(allow({ Action: 'ec2:DeleteSubnet' }), allow()).allows(need())).toBe(true);
  });

  it('may have a single statement', () => {
    expect(compilePolicy({ Version: '2012-10-17', Statement: allow() }, 'Test').allows(need())).toBe(true);
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
  ])('with the action %s allows ec2:DeleteVpc: %s', (Action, allowed) => {
    expect(policy(allow({ Action })).allows(need())).toBe(allowed);
    expect(policy(allow({ Action: ['s3:GetObject', Action] })).allows(need())).toBe(allowed);
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
  ])('with the resource %s allows the VPC: %s', (Resource, allowed) => {
    expect(policy(allow({ Resource })).allows(need())).toBe(allowed);
  });

  it('with resources does not allow an action without resource-level permissions', () => {
    const describing = need({ action: 'ec2:DescribeVpcs', resource: '*' });
    expect(policy(allow({ Resource: 'arn:aws:ec2:*:*:*' })).allows(describing)).toBe(false);
    expect(policy(allow()).allows(describing)).toBe(true);
  });
});

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-tagkeys
it('a request has the keys of its tags, if it has tags', () => {
  const requestTags = [{ Key: 'Name', Value: 'one' }, { Key: 'recode:environment' }];
  expect(keysOf({ requestTags })('aws:tagkeys')).toEqual(['Name', 'recode:environment']);
  expect(keysOf({})('aws:tagkeys')).toBeUndefined();
});

describe('a condition', () => {
  const red = { 'aws:resourcetag/team': 'red' };
  const both = { StringEquals: { 'aws:ResourceTag/team': 'red', 'ec2:CreateAction': 'CreateVpc' } };

  const hers = { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['ann', 'ann-2'] } };

  it.each<[string, object, Record<string, string | string[]>, boolean]>([
    ['the same value', { StringEquals: { 'aws:ResourceTag/team': 'red' } }, red, true],
    ['a value in other letters', { StringEquals: { 'aws:ResourceTag/team': 'Red' } }, red, false],
    ['a key in other letters', { StringEquals: { 'AWS:resourceTag/Team': 'red' } }, red, true],
    ['one of several values', { StringEquals: { 'aws:ResourceTag/team': ['blue', 'red'] } }, red, true],
    ['a wildcard, which counts as text', { StringEquals: { 'aws:ResourceTag/team': 'r*' } }, red, false],
    ['no such key', { StringEquals: { 'aws:ResourceTag/team': 'red' } }, {}, false],
    ['all keys', both, { ...red, 'ec2:createaction': 'CreateVpc' }, true],
    ['all keys but one', both, red, false],
    ['all of several values', hers, { 'dynamodb:leadingkeys': ['ann', 'ann-2'] }, true],
    ['all of several values but one', hers, { 'dynamodb:leadingkeys': ['ann', 'bob'] }, false],
    ['none of several values that it has not', hers, {}, true],
    [
      'a list where one value is asked for',
      { StringEquals: { 'aws:ResourceTag/team': 'red' } },
      { 'aws:resourcetag/team': ['red'] },
      false,
    ],
  ])('with %s', (_, Condition, keys, holds) => {
    expect(policy(allow({ Condition })).allows(need({ keys }))).toBe(holds);
  });
});

it('refuses what none of the policies allows, in the words of AWS', () => {
  const describing = policy(allow({ Action: 'ec2:DescribeVpcs' }));
  expect(refusalOf([describing, policy(allow())], need())).toBeUndefined();
  expect(refusalOf([describing], need())).toBe('because no identity-based policy allows the ec2:DeleteVpc action');
  expect(refusalOf([], need())).toBe('because no identity-based policy allows the ec2:DeleteVpc action');
});

describe('a policy that cannot be enforced as on AWS', () => {
  const refused = (statement: object) => () => policy(statement);
  const tag = (key: string) => ({ StringEquals: { [key]: 'x' } });

  it.each<[string, object, RegExp]>([
    ['a misspelled element', { ...allow(), Resources: '*' }, /Resources/],
    ['a principal', { ...allow(), Principal: '*' }, /Principal/],
    ['no action', { Effect: 'Allow', Resource: '*' }, /Action/],
    ['no resource', { Effect: 'Allow', Action: '*' }, /Resource/],
    ['an empty list of actions', allow({ Action: [] }), /length/],
    ['the negation of actions', allow({ NotAction: 'ec2:*' }), /NotAction: the embedded AWS does not support it/],
    ['the negation of resources', allow({ NotResource: '*' }), /NotResource: the embedded AWS does not support it/],
    ['a denial', allow({ Effect: 'Deny' }), /Effect: the embedded AWS supports only the effect Allow/],
    ['an action without a service', allow({ Action: 'CreateVpc' }), /CreateVpc is not an action/],
    ['a resource that is not an ARN', allow({ Resource: 'vpc/*' }), /vpc\/\* is not an ARN/],
    ['an incomplete ARN', allow({ Resource: 'arn:aws:ec2:*' }), /is not an ARN/],
    ['a policy variable in a resource', allow({ Resource: 'arn:aws:ec2:*:*:vpc/${aws:username}' }), /policy variable \$\{aws:username\}/],
    [
      'a policy variable in a condition',
      allow({ Condition: { StringEquals: { 'aws:ResourceTag/a': '${aws:username}' } } }),
      /policy variable/,
    ],
    ['another operator', allow({ Condition: { StringLike: { 'aws:ResourceTag/a': 'x' } } }), /Condition\.StringLike: .*operator/],
    ['a condition without values', allow({ Condition: { StringEquals: { 'aws:ResourceTag/a': [] } } }), /length/],
    ['a global key', allow({ Condition: tag('aws:SourceIp') }), /condition key aws:sourceip of requests to ec2/],
    ['a key with several values', allow({ Condition: tag('aws:PrincipalOrgPaths') }), /condition key aws:principalorgpaths/],
    ['a key of the service', allow({ Condition: tag('ec2:InstanceType') }), /condition key ec2:instancetype/],
    ['tags of tables', allow({ Action: 'dynamodb:GetItem', Condition: tag('aws:ResourceTag/a') }), /of requests to dynamodb/],
    ['tags of resources for all actions', allow({ Action: '*', Condition: tag('aws:ResourceTag/a') }), /of requests to dynamodb/],
  ])('is refused when it is read: %s', (_, statement, message) => {
    expect(refused(statement)).toThrow(message);
    expect(refused(statement)).toThrow(/^The packaged stack cannot be read at Test/);
  });

  it('is accepted if its actions are of services that the embedded AWS does not have', () => {
    const Condition = { StringEquals: { 'aws:SourceIp': '10.0.0.1', 'kms:ViaService': 'ec2' } };
    expect(policy(allow({ Action: ['kms:CreateGrant'], Condition }), allow()).allows(need())).toBe(true);
  });

  it.each<[string, unknown, RegExp]>([
    ['another version', { Version: '2020-01-01', Statement: [] }, /at Test\.Version: /],
    ['no statement', { Statement: [] }, /at Test\.Statement: .*length/],
    ['nothing', undefined, /at Test: /],
  ])('is refused as a whole: %s', (_, given, message) => {
    expect(() => compilePolicy(given, 'Test')).toThrow(message);
  });
});
