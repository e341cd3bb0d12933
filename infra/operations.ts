import { policies, stateMachineName } from '../core/names.ts';
import { kindsWith, type OperationKind, operationKinds } from '../core/operations.ts';
import { machineId } from './state-machines.ts';

const machine = (kind: OperationKind) => ({ Ref: machineId(kind) });
const executions = (kind: OperationKind) => ({
  'Fn::Sub': `arn:\${AWS::Partition}:states:\${AWS::Region}:\${AWS::AccountId}:execution:${stateMachineName(kind)}:*`,
});

/** The ARNs of all operations' state machines. */
export const allMachines = operationKinds.map(machine);

/** The ARNs of the state machines that RecodeUser lets a person start. */
export const userMachines = kindsWith({ policy: policies.user }).map(machine);

/** The ARNs of the executions of those state machines. */
export const userExecutions = kindsWith({ policy: policies.user }).map(executions);
