import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusalOf } from '../../src/iam/policy.ts';
import { type Role, readRoles } from '../../src/iam/roles.ts';
import { UnsupportedTemplate } from '../../src/stack/template.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'roles-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** The roles of a template with these resources. */
function read(Resources: object, rest: object = {}) {
  writeFileSync(join(directory, 'cloudformation-template-update-stack.json'), JSON.stringify({ Resources, ...rest }));
  return readRoles(directory, { accountId: '000000000000', region: 'eu-west-1' });
}

const getAtt = (id: string, attribute = 'Arn') => ({ 'Fn::GetAtt': [id, attribute] });
const lambda = (Role: unknown) => ({ Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'bake', Role } });
const machine = (RoleArn: unknown) => ({ Type: 'AWS::StepFunctions::StateMachine', Properties: { StateMachineName: 'oven', RoleArn } });
const role = (Properties: object = {}, rest: object = {}) => ({ Type: 'AWS::IAM::Role', Properties, ...rest });
const managed = (Properties: object, rest: object = {}) => ({ Type: 'AWS::IAM::ManagedPolicy', Properties, ...rest });
const document = (...actions: string[]) => ({ Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] });
const inline = (...actions: string[]) => [{ PolicyName: 'inline', PolicyDocument: document(...actions) }];

const actions = ['a:A', 'a:B', 'a:C', 'a:D'];
/** Which of the actions a role allows. */
const allowed = (one: Role | undefined) =>
  actions.filter((action) => one && refusalOf(one, { action, resource: '*', keys: () => undefined }) === undefined);

describe('the role of a function', () => {
  it('is that of the template, with its inline policies', () => {
    const roles = read({ Bake: lambda(getAtt('Baker')), Baker: role({ Policies: [...inline('a:A'), ...inline('a:B')] }) });
    expect(roles.ofFunction('bake')).toMatchObject({ name: 'Baker', arn: 'arn:aws:iam::000000000000:role/Baker' });
    expect(allowed(roles.ofFunction('bake'))).toEqual(['a:A', 'a:B']);
    expect(roles.ofFunction('fry')).toBeUndefined();
  });

  it('has its name and its path', () => {
    const Baker = role({ RoleName: { 'Fn::Join': ['-', ['the', { Ref: 'AWS::Region' }, 'baker']] }, Path: '/kitchen/' });
    expect(read({ Bake: lambda(getAtt('Baker')), Baker }).ofFunction('bake')).toMatchObject({
      name: 'the-eu-west-1-baker',
      arn: 'arn:aws:iam::000000000000:role/kitchen/the-eu-west-1-baker',
    });
  });

  it('has the managed policies that it names, and those that name it', () => {
    const roles = read({
      Bake: lambda(getAtt('Baker')),
      Baker: role({
        ManagedPolicyArns: [
          { Ref: 'Named' },
          { 'Fn::Sub': 'arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole' },
        ],
      }),
      Named: managed({ PolicyDocument: document('a:A') }),
      Naming: managed({ PolicyDocument: document('a:B'), Roles: [{ Ref: 'Baker' }] }),
      Attached: { Type: 'AWS::IAM::Policy', Properties: { PolicyName: 'p', PolicyDocument: document('a:C'), Roles: [{ Ref: 'Baker' }] } },
      Other: managed({ PolicyDocument: document('a:D') }),
    });
    expect(allowed(roles.ofFunction('bake'))).toEqual(['a:A', 'a:B', 'a:C']);
  });

  it('ends at its permissions boundary', () => {
    const roles = read({
      Bake: lambda(getAtt('Baker')),
      Baker: role({ Policies: inline('a:A', 'a:B'), PermissionsBoundary: { Ref: 'Boundary' } }),
      Boundary: managed({ PolicyDocument: document('a:B', 'a:C') }),
    });
    expect(allowed(roles.ofFunction('bake'))).toEqual(['a:B']);
  });

  it('is not known where it is not in the template', () => {
    const roles = read({ Bake: lambda('arn:aws:iam::000000000000:role/elsewhere'), Oven: machine(undefined) });
    expect(roles.ofFunction('bake')).toBeUndefined();
    expect(roles.ofStateMachine('arn:aws:states:eu-west-1:000000000000:stateMachine:oven')).toBeUndefined();
  });

  it('has what the conditions of the template leave of it', () => {
    const Conditions = {
      HasBoundary: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'Boundary' }, ''] }] },
      IsBig: {
        'Fn::And': [{ 'Fn::Equals': [{ Ref: 'Size' }, 'big'] }, { 'Fn::Or': [{ Condition: 'HasBoundary' }, { 'Fn::Equals': ['a', 'a'] }] }],
      },
    };
    const template = {
      Bake: lambda(getAtt('Baker')),
      Baker: role({
        PermissionsBoundary: { 'Fn::If': ['HasBoundary', { Ref: 'Boundary' }, { Ref: 'AWS::NoValue' }] },
        Policies: [...inline('a:A'), { 'Fn::If': ['IsBig', inline('a:B')[0], { Ref: 'AWS::NoValue' }] }],
      }),
      Extra: managed({ PolicyDocument: document('a:C'), Roles: [{ Ref: 'Baker' }] }, { Condition: 'IsBig' }),
    };
    const withSize = (Default: string) => ({ Conditions, Parameters: { Boundary: { Default: '' }, Size: { Default } } });
    expect(allowed(read(template, withSize('small')).ofFunction('bake'))).toEqual(['a:A']);
    expect(allowed(read(template, withSize('big')).ofFunction('bake'))).toEqual(['a:A', 'a:B', 'a:C']);
  });
});

it('reads the role of a state machine, whose policy names functions', () => {
  const invoke = { Statement: { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: [getAtt('Bake')] } };
  const roles = read({
    Bake: lambda(undefined),
    Oven: machine(getAtt('OvenRole')),
    OvenRole: role({ Policies: [{ PolicyName: 'invoke', PolicyDocument: invoke }] }),
  });
  const found = roles.ofStateMachine('arn:aws:states:eu-west-1:000000000000:stateMachine:oven');
  const invoking = (name: string) => ({
    action: 'lambda:InvokeFunction',
    resource: `arn:aws:lambda:eu-west-1:000000000000:function:${name}`,
    keys: () => undefined,
  });
  expect(found && refusalOf(found, invoking('bake'))).toBeUndefined();
  expect(found && refusalOf(found, invoking('fry'))).toMatch('no identity-based policy');
});

it('finds a managed policy by its logical id, its name and its ARN', () => {
  const roles = read({ Cook: managed({ ManagedPolicyName: 'cooks', PolicyDocument: document('a:A') }) });
  const policy = roles.managedPolicy('Cook');
  expect(policy).toBeDefined();
  expect(roles.managedPolicy('cooks')).toBe(policy);
  expect(roles.managedPolicy('arn:aws:iam::000000000000:policy/cooks')).toBe(policy);
  expect(roles.managedPolicy('Waiter')).toBeUndefined();
});

describe('a template is refused', () => {
  const baker = (properties: object) => ({ Bake: lambda(getAtt('Baker')), Baker: role(properties) });

  it.each<[string, object, RegExp]>([
    [
      'with a managed policy that nobody here knows',
      baker({ ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] }),
      /Baker\.ManagedPolicyArns: .*AdministratorAccess is not in the template/,
    ],
    [
      'with a boundary that nobody here knows',
      baker({ PermissionsBoundary: 'arn:aws:iam::1:policy/b' }),
      /Baker\.PermissionsBoundary: .*not in the template/,
    ],
    [
      'with a policy that cannot be enforced',
      baker({ Policies: [{ PolicyName: 'p', PolicyDocument: {} }] }),
      /Baker\.Policies\.0\.PolicyDocument\.Statement/,
    ],
    ['with a policy that is none', baker({ Policies: ['p'] }), /Baker\.Policies\.0/],
    ['with a role that is none', { Bake: lambda(['Baker']) }, /Bake\.Role/],
    ['with a managed policy without a document', { Cook: managed({}) }, /Cook\.PolicyDocument/],
    [
      'with a condition that is not there',
      { Cook: managed({ PolicyDocument: document('a:A') }, { Condition: 'Nowhere' }) },
      /Cook: there is no condition Nowhere/,
    ],
    ['with a reference that means nothing here', baker({ ManagedPolicyArns: [{ Ref: 'Bucket' }] }), /reference to Bucket/],
  ])('%s', (_, resources, message) => {
    expect(() => read(resources)).toThrow(message);
    expect(() => read(resources)).toThrow(UnsupportedTemplate);
  });

  it('with a condition that is not evaluated here', () => {
    const Cook = managed({ PolicyDocument: document('a:A') }, { Condition: 'Odd' });
    expect(() => read({ Cook }, { Conditions: { Odd: { 'Fn::Contains': [] } } })).toThrow(/Conditions\.Odd: .*Fn::Contains/);
  });

  it('not for a role that nobody here has', () => {
    expect(() => read({ Unused: role({ ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] }) })).not.toThrow();
  });
});
