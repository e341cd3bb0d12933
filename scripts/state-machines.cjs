// The state machines for serverless.yml: one per file in statemachines/, with a role and a log group. CloudFormation replaces
// the ${Function} placeholders in DefinitionString. The placeholders and the role follow from the states, so both name exactly
// the functions that the machine invokes.
const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { parse } = require('yaml');
const { permissionsBoundary } = require('./roles.cjs');

const { version } = require('../package.json');

const folder = join(__dirname, '..', 'statemachines');

module.exports = async ({ resolveVariable }) => {
  // A value from the command line is a string.
  const RetentionInDays = Number(await resolveVariable('param:logRetentionDays'));
  const PermissionsBoundary = await permissionsBoundary({ resolveVariable });
  const resources = readdirSync(folder).map((file) => {
    const name = file.replace('.asl.yaml', '');
    const definition = parse(readFileSync(join(folder, file), 'utf8'), { maxAliasCount: 1_000 });
    const arns = Object.fromEntries(tasksOf(definition).map((task) => [task, { 'Fn::GetAtt': [`${task}LambdaFunction`, 'Arn'] }]));
    const id = `${name.replace(/(^|-)[a-z]/g, (start) => start.replace('-', '').toUpperCase())}StateMachine`;
    const stateMachine = {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        StateMachineName: `recode-${name}`,
        StateMachineType: 'STANDARD',
        RoleArn: { 'Fn::GetAtt': [`${id}Role`, 'Arn'] },
        // The CLI reads the version from the comment, to say which side to upgrade.
        DefinitionString: JSON.stringify({ ...definition, Comment: `${definition.Comment} (recode ${version})` }),
        DefinitionSubstitutions: arns,
        TracingConfiguration: { Enabled: true },
        // The data stays in the execution history, which has its own permissions.
        LoggingConfiguration: {
          Level: 'ALL',
          IncludeExecutionData: false,
          Destinations: [{ CloudWatchLogsLogGroup: { LogGroupArn: { 'Fn::GetAtt': [`${id}LogGroup`, 'Arn'] } } }],
        },
      },
    };
    const logGroup = {
      Type: 'AWS::Logs::LogGroup',
      Properties: { LogGroupName: `/aws/vendedlogs/states/recode-${name}`, RetentionInDays },
    };
    return { [id]: stateMachine, [`${id}Role`]: role(Object.values(arns), PermissionsBoundary), [`${id}LogGroup`]: logGroup };
  });
  return { Resources: Object.assign({}, ...resources) };
};

/** The names of a machine's Task states, without duplicates. A task has the name of its function. */
function tasksOf({ States }) {
  const names = Object.entries(States).flatMap(([name, state]) => [
    ...(state.Type === 'Task' ? [name] : []),
    ...(state.Branches ?? []).flatMap(tasksOf),
    ...(state.ItemProcessor ? tasksOf(state.ItemProcessor) : []),
  ]);
  return [...new Set(names)];
}

function role(functions, PermissionsBoundary) {
  const policy = (Statement) => ({ Version: '2012-10-17', Statement });
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      PermissionsBoundary,
      AssumeRolePolicyDocument: policy([
        {
          Effect: 'Allow',
          Action: 'sts:AssumeRole',
          Principal: { Service: 'states.amazonaws.com' },
          Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
        },
      ]),
      Policies: [
        {
          PolicyName: 'invoke-steps',
          PolicyDocument: policy([{ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: functions }]),
        },
        { PolicyName: 'log-and-trace', PolicyDocument: policy([{ Effect: 'Allow', Action: logAndTrace, Resource: '*' }]) },
      ],
    },
  };
}

// These actions do not support resource-level permissions: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html and /xray-iam.html
const logAndTrace = [
  'logs:CreateLogDelivery',
  'logs:GetLogDelivery',
  'logs:UpdateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:DescribeResourcePolicies',
  'logs:DescribeLogGroups',
  'xray:PutTraceSegments',
  'xray:PutTelemetryRecords',
  'xray:GetSamplingRules',
  'xray:GetSamplingTargets',
];
