import { type KeysInput, KeysOutput } from '../../../../core/document.ts';
import { type Environment, statusOf } from '../../../../core/environment.ts';
import { RecodeError } from '../../../../core/errors.ts';
import { accepts } from '../../../../core/keys.ts';
import { holderOf } from '../../../../core/lock.ts';
import {
  type EnvironmentTarget,
  environmentCommand,
  type OpenedEnvironment,
  openEnvironment,
  requireRecord,
} from '../../../environment.ts';
import { beforeOperation, checkedSentences } from '../../../execution/control-plane.ts';
import { follow, startOperation } from '../../../execution/operation.ts';
import type { Session } from '../../../execution/session.ts';
import { line, type Output, paint, warn } from '../../../output.ts';
import { adviseSync } from './advise-sync.ts';
import { keyHere, keyViews, printKeys } from './key-view.ts';
import { type Synced, syncInstance } from './sync-instance.ts';

/**
 * Opens the caller's own environment, to change its keys.
 *
 * @throws RecodeError EnvironmentNotFound, and those of `openOwn` and cli/execution/control-plane.ts
 */
export async function openToChange(
  target: EnvironmentTarget,
  session: Session,
): Promise<{ readonly environment: OpenedEnvironment; readonly record: Environment }> {
  const environment = await openOwn(target, session);
  return { environment, record: await beforeOperation(environment, 'keys', requireRecord(environment)) };
}

/** Opens the caller's own environment. Throws RecodeError NotYourEnvironment, and those of cli/environment.ts. */
export async function openOwn(target: EnvironmentTarget, { view }: Session): Promise<OpenedEnvironment> {
  const environment = await openEnvironment(target, view);
  const { owner, repository } = environment.subject;
  if (!environment.own) throw new RecodeError('NotYourEnvironment', `The environment of ${repository} belongs to ${owner}.`);
  return environment;
}

/** Asks the control plane to change the keys of an environment, and waits for it. Throws RecodeError what the execution fails with. */
export async function changeKeys(
  { clients, account, subject }: OpenedEnvironment,
  change: KeysInput['change'],
  session: Session,
): Promise<void> {
  const input: KeysInput = { environment: subject, change };
  const executionArn = await startOperation(clients, account, { kind: 'keys', input }, session);
  await follow(clients, account, executionArn, KeysOutput, session, { sentences: checkedSentences(clients, executionArn) });
}

type Effect = 'works' | 'is refused';

/** What has become of a key: what to say of it, and which effect it is to have; none if it was so before. */
export interface KeyChange {
  readonly said: string;
  readonly effect?: Effect;
  /** The environment before. */
  readonly before: Environment;
}

/**
 * Makes a change of the keys count on the running instance where this machine can log in, and prints what has become of them: all keys as
 * JSON, or a sentence and when it counts.
 */
export async function conclude(
  environment: OpenedEnvironment,
  { said, effect, before }: KeyChange,
  session: Session,
  output: Output,
): Promise<void> {
  const recorded = await requireRecord(environment);
  const synced = effect && (await syncWhereLetIn(environment, before, recorded, session, output));
  const record = synced?.record ?? recorded;
  session.view.end();
  const { stdout } = output;
  if (output.json) {
    printKeys(keyViews(record.wanted, keyHere(environment, record, output)), output);
    return;
  }
  stdout.write(`${paint(stdout, 'green', '✓')} ${line`${said}`}\n`);
  if (!effect) return adviseSync(environment, record, output);
  stdout.write(`\n${synced ? countsNow(effect) : whenItCounts(environment, record, effect)}\n`);
}

/** What `is refused` means, for people. */
export const openConnections = 'Open connections with a removed key stay open.';

const countsNow = (effect: Effect) => `It ${effect} now.${effect === 'works' ? '' : ` ${openConnections}`}`;

/** Undefined where this machine was not let in before, or cannot log in now: then another machine or a start makes the change count. */
async function syncWhereLetIn(
  environment: OpenedEnvironment,
  before: Environment,
  record: Environment,
  session: Session,
  output: Output,
): Promise<Synced | undefined> {
  const here = keyHere(environment, before, output);
  if (here === undefined || !accepts(record.wanted, here) || holderOf(record) || statusOf(record) !== 'started') return undefined;
  try {
    return await syncInstance(environment, record, session);
  } catch (error) {
    if (!(error instanceof RecodeError)) throw error;
    warn(output, `The change is recorded, but not on the instance yet. ${error.message}`);
    return undefined;
  }
}

/** When a change counts that is only recorded, with the commands that make it count. */
function whenItCounts(environment: OpenedEnvironment, record: Environment, effect: Effect): string {
  const status = statusOf(record);
  if (status === 'stopped' || status === 'creating' || status === 'gone') {
    return `It ${effect} after the next start:\n  ${environmentCommand(environment, 'start')}`;
  }
  return `It ${effect} once this runs on a machine that can log in:
  ${environmentCommand(environment, 'keys sync')}

Or after the next stop and start, which end what runs on the instance:
  ${environmentCommand(environment, 'restart')}`;
}
