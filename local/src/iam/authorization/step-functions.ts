import type { AwsRequest } from '../../service.ts';
import type { Action } from '../../step-functions/request.ts';
import type { Need } from '../policy.ts';
import { jsonOf } from './json.ts';

// The member of the request with the ARN of the resource; undefined for an action on all state machines.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
const memberByAction: { readonly [A in Action]: 'stateMachineArn' | 'executionArn' | undefined } = {
  StartExecution: 'stateMachineArn',
  DescribeExecution: 'executionArn',
  GetExecutionHistory: 'executionArn',
  StopExecution: 'executionArn',
  ListExecutions: 'stateMachineArn',
  ListStateMachines: undefined,
  DescribeStateMachine: 'stateMachineArn',
  DescribeStateMachineForExecution: 'executionArn',
};

/** The needs of a request to Step Functions. None for a malformed or unsupported request, which Step Functions refuses itself. */
export function needsOfStepFunctions(action: string, request: AwsRequest, accountId: string): Need[] {
  if (!isKnown(action)) return [];
  const member = memberByAction[action];
  const all = `arn:aws:states:${request.region}:${accountId}:stateMachine:*`;
  const resource = member === undefined ? all : jsonOf(request)[member];
  if (typeof resource !== 'string') return [];
  return [{ action: `states:${action}`, resource, keys: () => undefined }];
}

function isKnown(action: string): action is Action {
  return Object.hasOwn(memberByAction, action);
}
