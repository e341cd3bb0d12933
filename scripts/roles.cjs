// The functions' roles for serverless.yml, generated from infra/permissions.yml and infra/actions.yml: one role per function,
// with one statement per resource and condition.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { parse } = require('yaml');

const read = (file) => parse(readFileSync(join(__dirname, '..', 'infra', file), 'utf8'));
const permissions = read('permissions.yml');
const actions = read('actions.yml');

const ourTag = 'recode:managed-by';
/** The IAM condition for each condition in actions.yml. */
const conditions = {
  created: { StringEquals: { [`aws:RequestTag/${ourTag}`]: 'recode' } },
  ours: { StringEquals: { [`aws:ResourceTag/${ourTag}`]: 'recode' } },
  any: undefined,
};
// What EC2 needs to use the key of a volume that it creates or attaches.
const uses = ['kms:CreateGrant', 'kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKeyWithoutPlaintext', 'kms:ReEncrypt*'];
const throughEc2 = { StringEquals: { 'kms:ViaService': { 'Fn::Sub': 'ec2.${AWS::Region}.${AWS::URLSuffix}' } } };

/** One role per function, without a name: IAM is global, and the stack may be in several regions. */
exports.functions = async ({ resolveVariable }) => {
  const volumeKmsKey = await resolveVariable('param:volumeKmsKey');
  const PermissionsBoundary = await exports.permissionsBoundary({ resolveVariable });
  const roles = Object.entries(permissions).map(([name, line]) => {
    const id = `${name[0].toUpperCase()}${name.slice(1)}`;
    const ownLog = allow(['logs:CreateLogStream', 'logs:PutLogEvents'], { 'Fn::GetAtt': [`${id}LogGroup`, 'Arn'] });
    const steps = merged(line.split(' ').flatMap((action) => statementsOf(action, volumeKmsKey)));
    const properties = {
      AssumeRolePolicyDocument: policy([{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }]),
      PermissionsBoundary,
      Policies: [{ PolicyName: 'step', PolicyDocument: policy([...steps, ownLog, trace]) }],
    };
    return [`${id}Role`, { Type: 'AWS::IAM::Role', Properties: properties }];
  });
  return { Resources: Object.fromEntries(roles) };
};

/** The permissions boundary of every role of the stack; none without the parameter. */
exports.permissionsBoundary = async ({ resolveVariable }) =>
  (await resolveVariable('param:permissionsBoundary')) || { Ref: 'AWS::NoValue' };

/** The statements an action needs according to actions.yml. Throws for an action or a condition that is not in it. */
function statementsOf(action, volumeKmsKey) {
  const about = actions[action];
  if (about === undefined) throw new Error(`infra/actions.yml has no line for ${action}.`);
  if (about === '*') return [allow([action], '*')];
  const [service, call] = action.split(':');
  return Object.entries(about).flatMap(([resource, condition]) => {
    if (resource === 'volumeKmsKey') return volumeKmsKey ? [allow(uses, volumeKmsKey, throughEc2)] : [];
    if (!Object.hasOwn(conditions, condition)) throw new Error(`infra/actions.yml gives ${action} the unknown condition ${condition}.`);
    const statement = allow([action], arn(service, resource), conditions[condition]);
    if (condition !== 'created') return [statement];
    const whenCreated = { StringEquals: { ...conditions.created.StringEquals, 'ec2:CreateAction': call } };
    return [statement, allow(['ec2:CreateTags'], arn(service, resource), whenCreated)];
  });
}

/** Images and snapshots belong to the publisher: their ARNs have no account. */
function arn(service, resource) {
  const account = /^(image|snapshot)\//.test(resource) ? '' : '${AWS::AccountId}';
  return { 'Fn::Sub': `arn:\${AWS::Partition}:${service}:\${AWS::Region}:${account}:${resource}` };
}

/** Merges statements that differ only in their actions. */
function merged(statements) {
  const byRest = new Map();
  for (const { Action, Resource, Condition } of statements) {
    const rest = JSON.stringify([Resource, Condition]);
    const actions = new Set([...(byRest.get(rest)?.Action ?? []), ...Action]);
    byRest.set(rest, allow([...actions], Resource, Condition));
  }
  return [...byRest.values()];
}

const trace = { Effect: 'Allow', Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], Resource: '*' };
const allow = (Action, Resource, Condition) => ({ Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) });
const policy = (Statement) => ({ Version: '2012-10-17', Statement });
