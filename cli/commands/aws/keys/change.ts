import { type KeysInput, KeysOutput } from '../../../../core/document.ts';
import { type Environment, statusOf } from '../../../../core/environment.ts';
import { RecodeError } from '../../../../core/errors.ts';
import {
  type EnvironmentTarget,
  environmentCommand,
  type OpenedEnvironment,
  openEnvironment,
  requireRecord,
} from '../../../environment.ts';
import { beforeOperation } from '../../../execution/control-plane.ts';
import { follow, startOperation } from '../../../execution/operation.ts';
import type { Session } from '../../../execution/session.ts';
import { line, type Output, paint } from '../../../output.ts';
import { keyHere, keyViews, printKeys } from './key-view.ts';

/**
 * Opens the caller's own environment, to change its keys.
 *
 * @throws RecodeError NotYourEnvironment, EnvironmentNotFound, and those of cli/environment.ts and cli/execution/control-plane.ts
 */
export async function openOwn(
  target: EnvironmentTarget,
  { view }: Session,
): Promise<{ readonly environment: OpenedEnvironment; readonly record: Environment }> {
  const environment = await openEnvironment(target, view);
  const { owner, repository } = environment.subject;
  if (!environment.own) throw new RecodeError('NotYourEnvironment', `The environment of ${repository} belongs to ${owner}.`);
  return { environment, record: await beforeOperation(environment, 'keys', requireRecord(environment)) };
}

/** Asks the control plane to change the keys of an environment, and waits for it. Throws RecodeError what the execution fails with. */
export async function changeKeys(
  { clients, account, subject }: OpenedEnvironment,
  change: KeysInput['change'],
  session: Session,
): Promise<void> {
  const input: KeysInput = { caller: account.owner, environment: subject, change };
  const executionArn = await startOperation(clients, account, { kind: 'keys', input }, session);
  await follow(clients, account, executionArn, KeysOutput, session);
}

/** Prints what has become of the keys: all of them as JSON, or a sentence and what makes them count. */
export async function conclude(
  environment: OpenedEnvironment,
  said: string,
  effect: 'It works' | 'It is refused' | undefined,
  { view }: Session,
  output: Output,
): Promise<void> {
  const record = await requireRecord(environment);
  view.end();
  const { stdout } = output;
  if (output.json) {
    printKeys(keyViews(record.wanted, keyHere(environment, record, output)), output);
    return;
  }
  stdout.write(`${paint(stdout, 'green', '✓')} ${line`${said}`}\n`);
  if (effect) stdout.write(`\n${whenItCounts(environment, record, effect)}\n`);
}

/** When the instance reads its keys, with the command that makes it do so. */
function whenItCounts(environment: OpenedEnvironment, record: Environment, effect: string): string {
  const status = statusOf(record);
  const command = status === 'stopped' || status === 'creating' || status === 'gone' ? 'start' : 'restart';
  const when = command === 'start' ? 'after the next start' : 'after the next stop and start';
  return `${effect} ${when}:\n  ${environmentCommand(environment, command)}`;
}
