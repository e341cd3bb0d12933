import type { SFNClient } from '@aws-sdk/client-sfn';
import { deployedMachine, type Sentences } from '../../aws/executions/definition.ts';
import { RecodeError } from '../../core/errors.ts';
import { type PersonalWorkflow, policyFor, stateMachineArn, stateMachineOf } from '../../core/executions.ts';
import { olderSide } from '../../core/version.ts';
import type { Account } from '../account.ts';
import type { Clients } from '../clients.ts';
import { builtPackage } from '../package-root.ts';
import { orNotAllowed } from './allowed.ts';

/**
 * Asks what a command has to know before it starts an execution, and meanwhile whether it may: whether the stack is of the CLI's version.
 * Where both fail, the answer about the stack is told, which may explain the other.
 *
 * @throws RecodeError CliOlderThanStack, StackOlderThanCli, ControlPlaneNotDeployed, CallerNotAllowed
 */
export async function beforeOperation<Answer>(
  { account, clients }: { readonly account: Account; readonly clients: Clients },
  workflow: PersonalWorkflow,
  asking: Promise<Answer>,
): Promise<Answer> {
  const checking = requireSameVersion(clients, account, workflow);
  const asked = asking.catch(async (error) => {
    await checking;
    throw error;
  });
  const [answer] = await Promise.all([asked, checking]);
  return answer;
}

/** The sentences of the state machines that this command has checked, by the client that has read them. */
const checked = new WeakMap<SFNClient, Map<string, Sentences>>();

/** The sentences of an execution that has just been started of a state machine that was checked before; undefined of any other. */
export function checkedSentences({ sfn }: Clients, executionArn: string): Sentences | undefined {
  return checked.get(sfn)?.get(stateMachineOf(executionArn));
}

/**
 * Makes sure that the CLI and the stack go together.
 *
 * @returns the version of the stack
 * @throws RecodeError CliOlderThanStack, StackOlderThanCli, ControlPlaneNotDeployed, CallerNotAllowed
 */
export async function requireSameVersion({ sfn }: Clients, account: Account, workflow: PersonalWorkflow): Promise<string> {
  const { version } = builtPackage();
  const machine = stateMachineArn(account, workflow);
  const { version: deployed, sentences } = await orNotAllowed(account, policyFor(workflow), deployedMachine(sfn, machine));
  checked.set(sfn, (checked.get(sfn) ?? new Map<string, Sentences>()).set(machine, sentences));
  const older = olderSide(version, deployed);
  if (older === undefined) return deployed ?? '';
  const stack = deployed === undefined ? 'too old to tell its version' : `recode ${deployed}`;
  const message = `This is recode ${version}. The deployed version in ${account.region} of account ${account.accountId} is ${stack}.`;
  throw new RecodeError(older === 'cli' ? 'CliOlderThanStack' : 'StackOlderThanCli', message);
}
