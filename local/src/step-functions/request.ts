import * as v from 'valibot';
import { AwsFailure } from '../service.ts';

const maxResults = v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1000)), 0);
const nextToken = v.optional(v.pipe(v.string(), v.minLength(1)));
const arn = v.pipe(v.string(), v.minLength(1), v.maxLength(256));
// The other value, METADATA_ONLY, is not supported.
const includedData = v.optional(v.literal('ALL_DATA'));

/** The supported actions, and the supported members of each request. All others are refused. */
export const requests = {
  StartExecution: v.strictObject({
    stateMachineArn: arn,
    name: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(80))),
    input: v.optional(v.pipe(v.string(), v.maxBytes(262_144)), '{}'),
  }),
  DescribeExecution: v.strictObject({ executionArn: arn, includedData }),
  GetExecutionHistory: v.strictObject({
    executionArn: arn,
    maxResults,
    nextToken,
    reverseOrder: v.optional(v.boolean(), false),
    includeExecutionData: v.optional(v.boolean(), true),
  }),
  StopExecution: v.strictObject({
    executionArn: arn,
    error: v.optional(v.pipe(v.string(), v.maxLength(256))),
    cause: v.optional(v.pipe(v.string(), v.maxLength(32_768))),
  }),
  ListExecutions: v.strictObject({
    stateMachineArn: arn,
    statusFilter: v.optional(v.picklist(['SUCCEEDED', 'TIMED_OUT', 'PENDING_REDRIVE', 'ABORTED', 'FAILED', 'RUNNING'])),
    maxResults,
    nextToken,
  }),
  ListStateMachines: v.strictObject({ maxResults, nextToken }),
  DescribeStateMachine: v.strictObject({ stateMachineArn: arn, includedData }),
  DescribeStateMachineForExecution: v.strictObject({ executionArn: arn, includedData }),
};

export type Action = keyof typeof requests;
export type Request<A extends Action> = v.InferOutput<(typeof requests)[A]>;

/** Parses the body of a request. Throws `ValidationException`, or `SerializationException` if it is not JSON. */
export function parseRequest<A extends Action>(action: A, body: string): Request<A> {
  let json: unknown;
  try {
    json = JSON.parse(body || '{}');
  } catch {
    throw new AwsFailure('SerializationException', 'The request is not JSON.');
  }
  const result = v.safeParse(requests[action], json);
  if (result.success) return result.output as Request<A>;
  const [issue] = result.issues;
  const value = typeof issue.input === 'string' || typeof issue.input === 'number' ? `Value '${issue.input}'` : 'Value';
  const place = `${value} at '${v.getDotPath(issue) ?? ''}'`;
  throw new AwsFailure('ValidationException', `1 validation error detected: ${place} failed to satisfy constraint: ${constraint(issue)}`);
}

function constraint(issue: v.BaseIssue<unknown>): string {
  const { type, requirement } = issue as { type: string; requirement?: unknown };
  switch (type) {
    case 'min_value':
      return `Member must have value greater than or equal to ${requirement}`;
    case 'max_value':
      return `Member must have value less than or equal to ${requirement}`;
    case 'min_length':
      return `Member must have length greater than or equal to ${requirement}`;
    case 'max_length':
    case 'max_bytes':
      return `Member must have length less than or equal to ${requirement}`;
    case 'picklist':
      return `Member must satisfy enum value set: [${issue.expected?.replaceAll(/[()"]/g, '').replaceAll(' | ', ', ')}]`;
    default:
      if (issue.expected === 'never') return 'The embedded AWS does not support this member';
      return issue.received === 'undefined' ? 'Member must not be null' : issue.message;
  }
}
