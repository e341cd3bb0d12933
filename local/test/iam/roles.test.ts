import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Policy, refusalOf } from '../../src/iam/policy.ts';
import { readManagedPolicies, readRoles } from '../../src/iam/roles.ts';
import { openTemplate } from '../../src/stack/template.ts';
import { UnsupportedTemplate } from '../../src/stack/unsupported.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'roles-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** The roles and managed policies of a template with these resources. */
function read(Resources: object) {
  writeFileSync(join(directory, 'cloudformation-template-update-stack.json'), JSON.stringify({ Resources }));
  const template = openTemplate(directory, { accountId: '000000000000', region: 'eu-west-1' });
  return { roles: readRoles(template), managedPolicies: readManagedPolicies(template) };
}

const trust = { Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } } };
const role = (Properties: object = {}) => ({ Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: trust, ...Properties } });
const managed = (Properties: object) => ({ Type: 'AWS::IAM::ManagedPolicy', Properties });
const document = (...actions: string[]) => ({ Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] });
const inline = (...actions: string[]) => ({ PolicyName: 'inline', PolicyDocument: document(...actions) });

/** Which of some actions the policies allow. */
const allowed = (policies: readonly Policy[] = []) =>
  ['a:A', 'a:B', 'a:C'].filter((action) => refusalOf(policies, { action, resource: '*', keys: () => undefined }) === undefined);

describe('a role', () => {
  it('has its inline policies, and no boundary without a value', () => {
    const Policies = [inline('a:A'), inline('a:B')];
    const { roles } = read({ Baker: role({ Policies, PermissionsBoundary: { Ref: 'AWS::NoValue' } }) });
    const arn = 'arn:aws:iam::000000000000:role/Baker';
    expect(roles.get(arn)).toMatchObject({ name: 'Baker', arn });
    expect(allowed(roles.get(arn)?.policies)).toEqual(['a:A', 'a:B']);
  });

  it('has policies that name functions', () => {
    const invoke = { Statement: { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: [{ 'Fn::GetAtt': ['Bake', 'Arn'] }] } };
    const { roles } = read({
      Bake: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'bake' } },
      OvenRole: role({ Policies: [{ PolicyName: 'invoke', PolicyDocument: invoke }] }),
    });
    const policies = roles.get('arn:aws:iam::000000000000:role/OvenRole')?.policies ?? [];
    const invoking = (name: string) => ({
      action: 'lambda:InvokeFunction',
      resource: `arn:aws:lambda:eu-west-1:000000000000:function:${name}`,
      keys: () => undefined,
    });
    expect(refusalOf(policies, invoking('bake'))).toBeUndefined();
    expect(refusalOf(policies, invoking('fry'))).toMatch('no identity-based policy');
  });
});

it('reads managed policies by logical ID', () => {
  const { managedPolicies } = read({ Cook: managed({ Description: 'cooks', PolicyDocument: document('a:A') }) });
  expect([...managedPolicies].map(([name, policy]) => [name, allowed([policy])])).toEqual([['Cook', ['a:A']]]);
});

describe('a template is refused', () => {
  it.each<[string, object, RegExp]>([
    ['with a name of a role', { Baker: role({ RoleName: 'baker' }) }, /at Baker\.RoleName: the embedded AWS does not support it/],
    ['with managed policies of a role', { Baker: role({ ManagedPolicyArns: ['a'] }) }, /Baker\.ManagedPolicyArns/],
    ['with a permissions boundary', { Baker: role({ PermissionsBoundary: 'arn:aws:iam::1:policy/b' }) }, /Baker\.PermissionsBoundary/],
    ['with a role without a trust policy', { Baker: role({ AssumeRolePolicyDocument: undefined }) }, /Baker\.AssumeRolePolicyDocument/],
    [
      'with a policy that cannot be enforced',
      { Baker: role({ Policies: [{ PolicyName: 'p', PolicyDocument: {} }] }) },
      /Baker\.Policies\.0\.PolicyDocument\.Statement/,
    ],
    ['with a policy without a document', { Baker: role({ Policies: ['p'] }) }, /Baker\.Policies\.0/],
    ['with a managed policy without a document', { Cook: managed({}) }, /Cook\.PolicyDocument/],
    ['with a managed policy of roles', { Cook: managed({ PolicyDocument: document('a:A'), Roles: ['a'] }) }, /Cook\.Roles/],
    ['with a policy as a resource', { Cook: { Type: 'AWS::IAM::Policy' } }, /does not have AWS::IAM::Policy/],
  ])('%s', (_, resources, message) => {
    expect(() => read(resources)).toThrow(message);
    expect(() => read(resources)).toThrow(UnsupportedTemplate);
  });
});
