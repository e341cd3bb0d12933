import { stateMachineName } from './names.ts';
import { type OperationKind, operationKinds } from './operations.ts';

/** The workflows that a person starts: one per operation, and the one that stops an operation. */
export type PersonalWorkflow = OperationKind | 'cancel';

/** All workflows, with the one that no person starts. */
export type Workflow = PersonalWorkflow | 'auto-stop';

/** Where a state machine is. */
export interface Place {
  /** `aws`, `aws-cn`, `aws-us-gov`, … */
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
}

/** The ARN of a state machine. */
export function stateMachineArn({ partition, region, accountId }: Place, workflow: Workflow): string {
  return `arn:${partition}:states:${region}:${accountId}:stateMachine:${stateMachineName(workflow)}`;
}

/** The ARN that an execution of a state machine gets by its name. */
export function executionArn(stateMachineArn: string, name: string): string {
  return `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
}

/** The ARN of another state machine in the account and region of an execution. */
export function stateMachineBeside(executionArn: string, workflow: Workflow): string {
  return executionArn.replace(/:execution:.*$/, `:stateMachine:${stateMachineName(workflow)}`);
}

/** The operation that an execution, or the executions of a state machine, are; undefined if they are none. */
export function operationOf(arn: string): OperationKind | undefined {
  const [, name] = /:(?:stateMachine|execution):([^:]+)/.exec(arn) ?? [];
  return operationKinds.find((kind) => stateMachineName(kind) === name);
}
