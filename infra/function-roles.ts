import { managedBy, tagKey } from '../core/tags.ts';
import { readYaml } from './files.ts';
import { idOf } from './functions.ts';
import { environmentExecutions } from './operations.ts';
import { permissionsBoundary, type Serverless } from './parameters.ts';
import { allow, type Role, role, type Statement } from './role.ts';

/** The actions of each function, separated by spaces. */
const permissions = readYaml<Readonly<Record<string, string>>>('infra/permissions.yml');
/** The condition for each resource of an action, or `*` if AWS cannot limit the action to resources. */
const actions = readYaml<Readonly<Record<string, '*' | Readonly<Record<string, string>>>>>('infra/actions.yml');

const created = { [`aws:RequestTag/${managedBy.Key}`]: managedBy.Value };
const ours = { [`aws:ResourceTag/${managedBy.Key}`]: managedBy.Value };
/** The IAM condition for each condition in actions.yml. */
const conditions = new Map<string, Statement['Condition']>([
  ['created', { StringEquals: created }],
  ['ours', { StringEquals: ours }],
  ['renamed', onlyTags(tagKey.name, tagKey.environment)],
  ['handed', onlyTags(tagKey.owner)],
  ['any', undefined],
]);
// What EC2 needs to use the key of a volume that it creates or attaches.
const uses = ['kms:CreateGrant', 'kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKeyWithoutPlaintext', 'kms:ReEncrypt*'];
const throughEc2 = { StringEquals: { 'kms:ViaService': { 'Fn::Sub': 'ec2.${AWS::Region}.${AWS::URLSuffix}' } } };
const trace = allow(['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], '*');

/** One role per function, with one statement per resource and condition. */
export async function functionRoles(serverless: Serverless): Promise<{ Resources: Record<string, Role> }> {
  const volumeKmsKey = await serverless.resolveVariable('param:volumeKmsKey');
  const boundary = await permissionsBoundary(serverless);
  const roles = Object.entries(permissions).map(([name, line]) => {
    const steps = merged(line.split(' ').flatMap((action) => statementsOf(action, volumeKmsKey)));
    const ownLog = allow(['logs:CreateLogStream', 'logs:PutLogEvents'], { 'Fn::GetAtt': [`${idOf(name)}LogGroup`, 'Arn'] });
    const policies = { step: [...steps, ownLog, trace] };
    return [`${idOf(name)}Role`, role({ service: 'lambda.amazonaws.com', permissionsBoundary: boundary, policies })];
  });
  return { Resources: Object.fromEntries(roles) };
}

/** That the resource has our tag, and the request has no tags but these. */
function onlyTags(...keys: string[]): Statement['Condition'] {
  return { StringEquals: ours, 'ForAllValues:StringEquals': { 'aws:TagKeys': keys } };
}

/** The statements an action needs according to actions.yml. Throws for an action or a condition that is not in it. */
function statementsOf(line: string, volumeKmsKey: unknown): Statement[] {
  const about = actions[line];
  if (about === undefined) throw new Error(`infra/actions.yml has no line for ${line}.`);
  const [action = ''] = line.split('/');
  if (about === '*') return [allow([action], '*')];
  const [service = '', call = ''] = action.split(':');
  return Object.entries(about).flatMap(([resource, condition]) => {
    if (resource === 'volumeKmsKey') return volumeKmsKey ? [allow(uses, volumeKmsKey, throughEc2)] : [];
    if (resource === 'environmentExecutions') return environmentExecutions.map((each) => allow([action], each));
    if (!conditions.has(condition)) throw new Error(`infra/actions.yml gives ${action} the unknown condition ${condition}.`);
    const statement = allow([action], arn(service, resource), conditions.get(condition));
    if (condition !== 'created') return [statement];
    const whenCreated = { StringEquals: { ...created, 'ec2:CreateAction': call } };
    return [statement, allow(['ec2:CreateTags'], arn(service, resource), whenCreated)];
  });
}

/** The ARNs of images and snapshots have no account: most belong to their publisher. */
function arn(service: string, resource: string): object {
  const account = /^(image|snapshot)\//.test(resource) ? '' : '${AWS::AccountId}';
  return { 'Fn::Sub': `arn:\${AWS::Partition}:${service}:\${AWS::Region}:${account}:${resource}` };
}

/** Merges statements that differ only in their actions. */
function merged(statements: readonly Statement[]): Statement[] {
  const byRest = new Map<string, Statement>();
  for (const { Action, Resource, Condition } of statements) {
    const rest = JSON.stringify([Resource, Condition]);
    const together = new Set([byRest.get(rest)?.Action ?? [], Action].flat());
    byRest.set(rest, allow([...together], Resource, Condition));
  }
  return [...byRest.values()];
}
