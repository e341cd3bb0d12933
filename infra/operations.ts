import { type PersonalWorkflow, personalWorkflows, policyFor } from '../core/executions.ts';
import { policies, stateMachineName } from '../core/names.ts';
import { kindsWith, operationKinds } from '../core/operations.ts';
import { machineId } from './state-machines.ts';

const machine = (workflow: PersonalWorkflow) => ({ Ref: machineId(workflow) });
const executions = (workflow: PersonalWorkflow) => ({
  'Fn::Sub': `arn:\${AWS::Partition}:states:\${AWS::Region}:\${AWS::AccountId}:execution:${stateMachineName(workflow)}:*`,
});
const ofUsers = personalWorkflows.filter((workflow) => policyFor(workflow) === policies.user);

/** The ARNs of all operations' state machines. */
export const operationMachines = operationKinds.map(machine);

/** The ARNs of the state machines that RecodeUser lets a person start. */
export const userMachines = ofUsers.map(machine);

/** The ARNs of the state machines that RecodeAdmin lets a person start. */
export const adminMachines = personalWorkflows.map(machine);

/** The ARNs of the executions that RecodeUser lets a person follow. */
export const userExecutions = ofUsers.map(executions);

/** The ARNs of the executions of the operations on environments. */
export const environmentExecutions = kindsWith({ on: 'environment' }).map(executions);
