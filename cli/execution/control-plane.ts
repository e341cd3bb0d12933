import { deployedVersion } from '../../aws/executions/executions.ts';
import { RecodeError } from '../../core/errors.ts';
import { type PersonalWorkflow, policyFor, stateMachineArn } from '../../core/executions.ts';
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

async function requireSameVersion({ sfn }: Clients, account: Account, workflow: PersonalWorkflow): Promise<void> {
  const { version } = builtPackage();
  const deployed = await orNotAllowed(account, policyFor(workflow), deployedVersion(sfn, stateMachineArn(account, workflow)));
  const older = olderSide(version, deployed);
  if (older === undefined) return;
  const stack = deployed === undefined ? 'too old to tell its version' : `recode ${deployed}`;
  const message = `This is recode ${version}. The deployed version in ${account.region} of account ${account.accountId} is ${stack}.`;
  throw new RecodeError(older === 'cli' ? 'CliOlderThanStack' : 'StackOlderThanCli', message);
}
