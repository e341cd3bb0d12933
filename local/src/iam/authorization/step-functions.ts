import type { AwsRequest } from '../../service.ts';
import type { Action } from '../../step-functions/request.ts';
import type { Need } from '../policy.ts';
import { jsonOf } from './json.ts';

// The member of the request that names the resource; none for what is about all state machines.
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

/**
 * What a request to Step Functions needs; nothing where it is malformed, or asks for what is not served: Step Functions refuses it
 * by itself.
 */
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
