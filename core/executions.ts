import { policies, stateMachineName } from './names.ts';
import { type OperationKind, operationKinds, operations } from './operations.ts';

/**
 * The workflows that hold no environment: to cancel an operation, to change keys, to change when an environment stops, to delete kept disks,
 * and to compare the records with AWS, which a schedule starts, too.
 */
export const locklessWorkflows = ['cancel', 'keys', 'schedule', 'delete-kept', 'reconcile'] as const;
/** The workflows that a person starts: one per operation, and these. */
export const personalWorkflows = [...operationKinds, ...locklessWorkflows] as const;
export type PersonalWorkflow = (typeof personalWorkflows)[number];

/** The workflows that a schedule starts. */
export const scheduledWorkflows = ['auto-stop', 'hours', 'prices', 'expire'] as const;

export type Workflow = PersonalWorkflow | (typeof scheduledWorkflows)[number];

/** The policy that lets a person start a workflow. */
export function policyFor(workflow: PersonalWorkflow): (typeof policies)[keyof typeof policies] {
  return workflow in operations ? operations[workflow as OperationKind].policy : policies.user;
}

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

/** The ARN of the state machine that an execution is of. */
export function stateMachineOf(executionArn: string): string {
  return executionArn.replace(/:execution:([^:]+):[^:]+$/, ':stateMachine:$1');
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
