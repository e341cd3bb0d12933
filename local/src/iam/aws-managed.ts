import { compilePolicy, type Policy } from './policy.ts';

const allowing = (...actions: string[]) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
});

const documents = {
  'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole': allowing(
    'logs:CreateLogGroup',
    'logs:CreateLogStream',
    'logs:PutLogEvents',
  ),
  'arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess': allowing(
    'xray:PutTraceSegments',
    'xray:PutTelemetryRecords',
    'xray:GetSamplingRules',
    'xray:GetSamplingTargets',
    'xray:GetSamplingStatisticSummaries',
  ),
};

/** The policies that AWS manages and that roles of functions usually have, by their ARNs. */
export const awsManagedPolicies: ReadonlyMap<string, Policy> = new Map(
  Object.entries(documents).map(([arn, document]) => [arn, compilePolicy(document, arn)]),
);
