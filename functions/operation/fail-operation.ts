import { type EC2Client, GetConsoleOutputCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { dynamodb, ec2 } from '../../aws/clients.ts';
import { failureOf, translate } from '../../aws/errors.ts';
import { release } from '../../aws/records/environment.ts';
import { releaseNetwork } from '../../aws/records/network.ts';
import { ifInstalled } from '../../aws/records/table.ts';
import { findInstances } from '../../aws/resources.ts';
import { lambdaHandler, step } from '../../aws/step.ts';
import { HeldEnvironment } from '../../core/document.ts';
import { Operation, settleSeconds } from '../../core/operation.ts';

const consoleLines = 20;
// An instance that is up but does not answer tells why on its console.
const silent: readonly string[] = ['SshNotReady', 'InstanceNotRunning'];

/**
 * Ends a failed operation: records the error and lets go of what the operation held. Nobody enters before its last Lambda must be
 * dead. Returns the failure for the execution to end with, as Step Functions writes a Lambda's: `{ Error, Cause }`.
 */
export const failOperation = step({
  input: v.object({
    environment: v.nullable(HeldEnvironment),
    operation: Operation,
    failure: v.object({ Error: v.string(), Cause: v.string() }),
  }),
  uses: { dynamodb, ec2 },
  async run({ environment, operation, failure }, { dynamodb, ec2, clock }) {
    const error = failureOf(failure.Error, failure.Cause);
    const console = environment && operation.kind === 'start' && silent.includes(error.name);
    const message = console ? `${error.message}\n${await consoleTail(ec2, environment)}` : error.message;
    const now = clock.now();
    const at = new Date(now).toISOString();
    const end = { lastError: { name: error.name, message, at }, quietUntil: now + settleSeconds * 1000, updatedAt: at };
    // An uninstall that fails at its very end has no table any more, and nothing to let go of.
    await ifInstalled(releaseNetwork(dynamodb, operation, now));
    if (environment) await ifInstalled(release(dynamodb, environment, operation, end));
    return { Error: failure.Error, Cause: JSON.stringify({ errorType: failure.Error, errorMessage: message }) };
  },
});

export const handler = lambdaHandler(failOperation);

/** The end of the console, or why it cannot be had: nothing may keep a failed operation from letting go. */
async function consoleTail(ec2: EC2Client, environment: HeldEnvironment): Promise<string> {
  try {
    return await readConsole(ec2, environment);
  } catch (error) {
    return `Its console cannot be read: ${translate(error).message}`;
  }
}

async function readConsole(ec2: EC2Client, environment: HeldEnvironment): Promise<string> {
  const [instance] = await findInstances(ec2, environment);
  if (!instance) return 'It has no instance any more.';
  const { Output } = await ec2.send(new GetConsoleOutputCommand({ InstanceId: instance.InstanceId }));
  const text = Buffer.from(Output ?? '', 'base64')
    .toString('utf8')
    .trimEnd();
  return text === '' ? 'Its console shows nothing yet.' : `The end of its console:\n${text.split('\n').slice(-consoleLines).join('\n')}`;
}
