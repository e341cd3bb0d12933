import { EC2Client } from '@aws-sdk/client-ec2';
import { consoleOutput } from '../../../../aws/ec2/console.ts';
import { launchedInstance } from '../../../../aws/executions/executions.ts';
import { holderOf } from '../../../../core/lock.ts';
import { policies } from '../../../../core/names.ts';
import { type OpenedEnvironment, requireRecord } from '../../../environment.ts';
import { orNotAllowed } from '../../../execution/allowed.ts';
import type { ResultWriter } from '../../../json/selection.ts';
import { line, type Output } from '../../../output.ts';

/**
 * Shows the console of an environment's instance.
 *
 * @throws RecodeError EnvironmentNotFound, RecodeNotInstalled, CallerNotAllowed
 */
export async function showConsole(opened: OpenedEnvironment, write: ResultWriter, output: Output): Promise<void> {
  const { account, subject } = opened;
  const instanceId = await instanceOf(opened);
  const ec2 = new EC2Client(account.clientConfig('ec2'));
  const shown = instanceId === undefined ? undefined : await orNotAllowed(account, policies.user, consoleOutput(ec2, instanceId));
  if (output.json) {
    return write({ ...subject, instanceId: instanceId ?? null, at: shown?.at?.toISOString() ?? null, output: shown?.text ?? null });
  }
  const { stdout } = output;
  if (instanceId === undefined) stdout.write(line`${subject.repository} has no instance yet.\n`);
  else if (!shown) stdout.write(line`EC2 no longer shows ${instanceId}, the instance of ${subject.repository}.\n`);
  else if (shown.text === '') stdout.write(line`The console of ${instanceId} is empty. EC2 shows it a few minutes after the boot.\n`);
  else stdout.write(shown.text.endsWith('\n') ? shown.text : `${shown.text}\n`);
}

/** The recorded instance or, while the first start is in progress, the one that it has launched. */
async function instanceOf(opened: OpenedEnvironment): Promise<string | undefined> {
  const { observed, ...record } = await requireRecord(opened);
  const holder = holderOf(record);
  if (observed && observed.state !== 'gone') return observed.instanceId;
  return (holder && (await launchedInstance(opened.clients.sfn, holder.executionArn))) ?? observed?.instanceId;
}
