import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as ec2 from '@aws-sdk/client-ec2';
import * as pricing from '@aws-sdk/client-pricing';
import * as states from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { dueIndexName, stateMachineName, tableName } from '../../core/names.ts';
import { operationKinds } from '../../core/operations.ts';
import { managedBy } from '../../core/tags.ts';
import { functionRoles as made } from '../../infra/function-roles.ts';
import { permissionsBoundary } from '../../infra/parameters.ts';
import { actionsOf, infra, type Role, resources, roles, type Statement, statementsOf } from './stack.ts';

const functions = resources('AWS::Lambda::Function');
const isOfFunction = ({ AssumeRolePolicyDocument }: Role) =>
  AssumeRolePolicyDocument.Statement.some(({ Principal }) => Principal.Service === 'lambda.amazonaws.com');
const functionRoles = roles.filter(isOfFunction).map((role) => ({ id: role.id, statements: statementsOf(role) }));
const statements = functionRoles.flatMap((role) => role.statements.map((statement) => ({ role: role.id, ...statement })));

/** What AWS lets nobody have on less than everything, besides EC2's Describes: the price list, the delivery of logs, and traces. */
const everywhere = [
  'pricing:GetProducts',
  ...['CreateLogDelivery', 'GetLogDelivery', 'UpdateLogDelivery', 'DeleteLogDelivery', 'ListLogDeliveries'].map((name) => `logs:${name}`),
  ...['PutResourcePolicy', 'DescribeResourcePolicies', 'DescribeLogGroups'].map((name) => `logs:${name}`),
  ...['PutTraceSegments', 'PutTelemetryRecords', 'GetSamplingRules', 'GetSamplingTargets'].map((name) => `xray:${name}`),
];
const created = { [`aws:RequestTag/${managedBy.Key}`]: managedBy.Value };
const ours = { [`aws:ResourceTag/${managedBy.Key}`]: managedBy.Value };

describe('the roles of the packaged stack', () => {
  it('are one for each function', () => {
    const held = functions.map(({ Role: role }) => (role as { 'Fn::GetAtt': [string] })['Fn::GetAtt'][0]);
    expect(new Set(held).size).toBe(functions.length);
    expect(functionRoles.map(({ id }) => id).sort()).toEqual(held.sort());
  });

  it('have names that CloudFormation chooses, and end at the boundary of the parameter', () => {
    expect(roles.length).toBeGreaterThan(functions.length);
    for (const { id, RoleName, PermissionsBoundary } of roles) {
      expect(RoleName, id).toBeUndefined();
      expect(PermissionsBoundary, id).toEqual({ Ref: 'AWS::NoValue' });
    }
  });

  it('allow on everything only what AWS does not tell apart by resources', () => {
    for (const role of roles) {
      for (const statement of statementsOf(role).filter(({ Resource }) => [Resource].flat().includes('*'))) {
        for (const action of actionsOf(statement))
          expect([/^ec2:Describe\w+$/.exec(action)?.[0], ...everywhere], role.id).toContain(action);
      }
    }
  });

  it('allow actions that exist', () => {
    const clients: Readonly<Record<string, object>> = { ec2, dynamodb, states, pricing };
    const others = ['logs:CreateLogStream', 'logs:PutLogEvents', ...everywhere];
    for (const action of statements.flatMap(actionsOf)) {
      const [service = '', name = ''] = action.split(':');
      const commands = clients[service];
      if (commands) expect(Object.keys(commands), action).toContain(`${name}Command`);
      else expect(others).toContain(action);
    }
  });
});

describe('the role of a function', () => {
  it('allows what the line of the function says', () => {
    for (const [name, line] of Object.entries(infra('permissions.yml'))) {
      const id = `${name[0]?.toUpperCase()}${name.slice(1)}Role`;
      const granted = (functionRoles.find((role) => role.id === id)?.statements ?? []).flatMap(actionsOf);
      const beside = ['ec2:CreateTags', 'logs:CreateLogStream', 'logs:PutLogEvents', 'xray:PutTraceSegments', 'xray:PutTelemetryRecords'];
      const listed = String(line)
        .split(' ')
        .map((entry) => entry.replace(/\/.*$/, ''));
      const all = [...new Set(granted)].filter((action) => listed.includes(action) || !beside.includes(action));
      expect(all.sort(), name).toEqual(listed.sort());
    }
  });

  it('changes nothing of EC2 that does not bear our tag', () => {
    const changing = statements.filter((statement) => actionsOf(statement).some((action) => /^ec2:(?!Describe)/.test(action)));
    expect(changing.length).toBeGreaterThan(20);
    for (const statement of changing) {
      if (knowsNoTags(statement)) continue;
      const keys = statement.Condition?.StringEquals;
      const wanted = keys && Object.keys(created).some((key) => key in keys) ? created : ours;
      expect(keys, `${statement.role}: ${statement.Action}`).toMatchObject(wanted);
    }
  });

  it('tags what it creates in the call that creates it, and gives nothing else a tag but the name or the owner of an environment', () => {
    const creating = statements.filter(({ Condition }) => Object.keys(created).some((key) => key in (Condition?.StringEquals ?? {})));
    const isTagging = (statement: Statement) => actionsOf(statement).includes('ec2:CreateTags');
    const calls = creating
      .filter((statement) => !isTagging(statement))
      .flatMap((one) => actionsOf(one).map((action) => tagging(one, action)));
    expect(calls.length).toBeGreaterThan(0);
    expect(creating.filter(isTagging)).toEqual(calls);
    const others = statements.filter((statement) => isTagging(statement) && !creating.includes(statement));
    const typesOf = (role: string) =>
      others.flatMap((one) => (one.role === role ? [JSON.stringify(one.Resource).replace(/^.*:([a-z-]+)\/.*$/, '$1')] : []));
    const [renaming, transferring] = ['RenameResourcesRole', 'ChangeOwnerRole'];
    const named = ['instance', 'volume', 'network-interface'];
    expect(typesOf(renaming)).toEqual(named);
    expect(typesOf(transferring)).toEqual([...named, 'security-group', 'key-pair', 'image', 'snapshot']);
    for (const { role, Condition } of others) {
      expect([renaming, transferring]).toContain(role);
      const tags = { 'aws:TagKeys': role === renaming ? ['Name', 'recode:environment'] : ['recode:owner'] };
      expect(Condition).toEqual({ StringEquals: ours, 'ForAllValues:StringEquals': tags });
    }
  });

  it('names the partition, the region and the account of each resource, but no account of what others publish', () => {
    const arns = statements.flatMap(({ Resource }) => (isSub(Resource) ? Resource['Fn::Sub'] : []));
    for (const arn of arns) {
      const account = /:(image|snapshot)\/\*$/.test(arn) ? '' : '\\$\\{AWS::AccountId\\}';
      expect(arn).toMatch(new RegExp(`^arn:\\$\\{AWS::Partition\\}:[a-z0-9]+:\\$\\{AWS::Region\\}:${account}:[^:].*$`));
    }
    for (const { Resource } of statements)
      if (!isSub(Resource)) expect(['*', 'Fn::GetAtt']).toContain(Resource === '*' ? '*' : Object.keys(Resource as object)[0]);
  });

  it('reads and writes our table alone, and asks for our executions alone', () => {
    const about = (service: string) => {
      const mine = statements.filter((statement) => actionsOf(statement).some((action) => action.startsWith(`${service}:`)));
      return mine.map(({ Resource }) => (isSub(Resource) ? Resource['Fn::Sub'].split('${AWS::AccountId}:')[1] : Resource));
    };
    expect(new Set(about('dynamodb'))).toEqual(new Set([`table/${tableName}`, `table/${tableName}/index/${dueIndexName}`]));
    for (const resource of about('states')) expect(resource).toMatch(/^(execution|stateMachine):recode-/);
    for (const kind of operationKinds) expect(stateMachineName(kind)).toMatch(/^recode-/);
  });

  it('writes to the log group of its function alone', () => {
    for (const { id, statements: own } of functionRoles) {
      const logs = own.filter((statement) => actionsOf(statement).some((action) => action.startsWith('logs:')));
      expect(logs).toEqual([
        {
          Effect: 'Allow',
          Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          Resource: { 'Fn::GetAtt': [id.replace(/Role$/, 'LogGroup'), 'Arn'] },
        },
      ]);
    }
  });
});

describe('with parameters', () => {
  const key = 'arn:aws:kms:eu-west-3:111122223333:key/1';
  const parameters: Record<string, string> = { 'param:volumeKmsKey': key, 'param:permissionsBoundary': 'arn:aws:iam::1:policy/b' };
  const serverless = { options: {}, resolveVariable: async (name: string) => parameters[name] };

  it('uses the key of volumes through EC2, where a function launches or starts an instance, or keeps its disk', async () => {
    const { Resources } = await made(serverless);
    const using = Object.entries(Resources).flatMap(([id, { Properties }]) =>
      statementsOf({ id, ...Properties }).flatMap((statement) => (statement.Resource === key ? [{ id, ...statement }] : [])),
    );
    const use = {
      Effect: 'Allow',
      Action: ['kms:CreateGrant', 'kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKeyWithoutPlaintext', 'kms:ReEncrypt*'],
      Resource: key,
      Condition: { StringEquals: { 'kms:ViaService': { 'Fn::Sub': 'ec2.${AWS::Region}.${AWS::URLSuffix}' } } },
    };
    expect(using).toEqual([
      { id: 'PlanStartRole', ...use },
      { id: 'LaunchInstanceRole', ...use },
      { id: 'StartInstanceRole', ...use },
      { id: 'CreateImageRole', ...use },
    ]);
  });

  it('ends every role at the boundary', async () => {
    expect(await permissionsBoundary(serverless)).toBe('arn:aws:iam::1:policy/b');
    const { Resources } = await made(serverless);
    for (const { Properties } of Object.values(Resources)) expect(Properties.PermissionsBoundary).toBe('arn:aws:iam::1:policy/b');
  });
});

function isSub(resource: unknown): resource is { 'Fn::Sub': string } {
  return typeof resource === 'object' && resource !== null && 'Fn::Sub' in resource;
}

/**
 * A launch knows no tags of the interface that it attaches, and needs images and snapshots that are not ours. An interface that moves to another
 * group stays in those of other people.
 */
function knowsNoTags(statement: Statement): boolean {
  const { Resource } = statement;
  const untagged: Readonly<Record<string, RegExp>> = {
    'ec2:RunInstances': /:(network-interface|image|snapshot)\/\*$/,
    'ec2:ModifyNetworkInterfaceAttribute': /:security-group\/\*$/,
  };
  return isSub(Resource) && (untagged[actionsOf(statement).join()]?.test(Resource['Fn::Sub']) ?? false);
}

function tagging(statement: Statement & { role: string }, action: string) {
  return {
    ...statement,
    Action: ['ec2:CreateTags'],
    Condition: { StringEquals: { ...created, 'ec2:CreateAction': action.replace('ec2:', '') } },
  };
}
