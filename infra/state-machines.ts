import { completed, type Definition, functionsOf } from './definition.ts';
import { filesIn, readYaml, version } from './files.ts';
import { permissionsBoundary, type Serverless } from './parameters.ts';
import { allow, role } from './role.ts';

/**
 * One state machine per file in statemachines/, with a role and a log group. CloudFormation replaces the ${Function} placeholders in
 * DefinitionString. The placeholders and the role follow from the states, so both name exactly the functions that the machine invokes.
 */
export async function stateMachines(serverless: Serverless): Promise<{ Resources: Record<string, object> }> {
  const RetentionInDays = Number(await serverless.resolveVariable('param:logRetentionDays'));
  const boundary = await permissionsBoundary(serverless);
  const resources = filesIn('statemachines').map((file) => {
    const name = file.replace('.asl.yaml', '');
    const definition = completed(readYaml<Definition>(`statemachines/${file}`));
    const arns = Object.fromEntries(functionsOf(definition).map((task) => [task, { 'Fn::GetAtt': [`${task}LambdaFunction`, 'Arn'] }]));
    const id = machineId(name);
    const stateMachine = {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        StateMachineName: `recode-${name}`,
        StateMachineType: 'STANDARD',
        RoleArn: { 'Fn::GetAtt': [`${id}Role`, 'Arn'] },
        // The CLI reads the version from the comment, to say which side to upgrade.
        DefinitionString: JSON.stringify({ ...definition, Comment: `${definition.Comment} (recode ${version()})` }),
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
    const machineRole = role({
      service: 'states.amazonaws.com',
      condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      permissionsBoundary: boundary,
      policies: {
        'invoke-steps': [allow('lambda:InvokeFunction', Object.values(arns))],
        'log-and-trace': [allow(logAndTrace, '*')],
      },
    });
    const logGroup = {
      Type: 'AWS::Logs::LogGroup',
      Properties: { LogGroupName: `/aws/vendedlogs/states/recode-${name}`, RetentionInDays },
    };
    return { [id]: stateMachine, [`${id}Role`]: machineRole, [`${id}LogGroup`]: logGroup };
  });
  return { Resources: Object.assign({}, ...resources) };
}

/** The logical id of a state machine: `AutoStopStateMachine` for `auto-stop`. */
export function machineId(name: string): string {
  return `${name.replace(/(^|-)[a-z]/g, (start) => start.replace('-', '').toUpperCase())}StateMachine`;
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
