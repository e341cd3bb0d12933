import { RemoveOutput } from '../../../../core/document.ts';
import type { Environment } from '../../../../core/environment.ts';
import { RecodeError } from '../../../../core/errors.ts';
import type { Keep } from '../../../../core/kept.ts';
import { forgetEnvironment } from '../../../completion/known-environments.ts';
import { confirm } from '../../../confirm.ts';
import { environmentCommand, type OpenedEnvironment, openEnvironment, requireRecord } from '../../../environment.ts';
import { unknownView } from '../../../environment-view.ts';
import { beforeOperation } from '../../../execution/control-plane.ts';
import { operate } from '../../../execution/environment-operation.ts';
import type { Followed } from '../../../execution/operation.ts';
import { inSession, type Session } from '../../../execution/session.ts';
import { deleteEnvironmentFolder } from '../../../files/environment-folder.ts';
import { findLeft, type Left, volumeWords } from '../../../lost-instance.ts';
import { orWarn } from '../../../or-warn.ts';
import { line, type Output, paint, table, warn, writeJson } from '../../../output.ts';
import { resourceRows } from '../../../resources.ts';
import { stopWordsInZone } from '../../../stop-time.ts';
import type { OperationRequest } from '../options.ts';

export const Result = RemoveOutput;

/** What to remove. */
export interface RemoveRequest extends OperationRequest {
  /** For how many days its disk is kept; false for none. Missing for what the team or an earlier attempt chose. */
  readonly keep?: Keep;
}

/**
 * Removes an environment with all that was made for it, after a question that names it, and its files on this machine.
 *
 * @throws RecodeError what the execution fails with, EnvironmentNotFound, ConfirmationRequired, and those of
 *   cli/environment.ts and cli/execution
 */
export function runRemove(request: RemoveRequest, output: Output): Promise<void> {
  return inSession(output, `removal of ${request.repository}`, async (session) => {
    const environment = await openEnvironment(request, session.view);
    const record = await beforeOperation(environment, 'remove', requireRecord(environment));
    const left = request.keep || !request.force ? await findLeft(environment, record, output) : undefined;
    if (request.keep && left) refuseToKeep(left, record, output);
    if (!request.force && !(await confirm(question(environment, record, request, left), output))) return;
    const removed = await operate(environment, { kind: 'remove', output: Result, ...keepOf(request) }, request, session, output);
    if (removed) await conclude(environment, removed, session, output);
  });
}

/** The same without options. The record says for how long the disk is kept. */
export const again = runRemove;

/** Deletes the files of the removed environment on this machine, and prints. */
export async function conclude(
  environment: OpenedEnvironment,
  { result, executionArn }: Followed<RemoveOutput>,
  { view }: Session,
  output: Output,
): Promise<void> {
  const { account, files } = environment;
  view.end();
  orWarn(output, () => deleteEnvironmentFolder(files));
  const { repository, owner, name, status, keptUntil } = result;
  await forgetEnvironment(account, { owner, repository });
  if (output.json) {
    writeJson(output, { ...unknownView({ repository, owner }), name, status, executionArn, changed: true, keptUntil });
    return;
  }
  const { stdout } = output;
  stdout.write(`\n${paint(stdout, 'green', '✓')} ${paint(stdout, 'bold', `Removed ${repository}`)}\n`);
  if (keptUntil === null) return;
  const restore = environmentCommand(environment, 'restore');
  stdout.write(`Its disk is kept until ${stopWordsInZone(keptUntil)}. To get it back, run:\n  ${restore}\n`);
}

const keepOf = ({ keep }: RemoveRequest) => (keep === undefined ? {} : { keep });

function question(
  { own, account: { region }, subject: { owner } }: OpenedEnvironment,
  record: Environment,
  { keep }: RemoveRequest,
  left: Left | undefined,
): string {
  const { repository } = record;
  const whose = own ? 'your environment' : `${owner}'s environment`;
  const rows = resourceRows(record);
  const what = rows.length === 0 ? '. It has no resources yet.\n' : ` and all data on its disk:\n${table(rows)}`;
  const gone = left ? `${goneWords(left).join(' ')}\n` : '';
  const kept = keep && !left ? `A snapshot keeps its disk for ${keep} ${keep === 1 ? 'day' : 'days'}.\n` : '';
  return `${line`This deletes ${whose} ${repository} in ${region}`}${what}${gone}${kept}Remove it?`;
}

/** What a person has to know who removes an environment without an instance. */
const goneWords = ({ volumes, kept }: Left): string[] => [
  'Its instance is gone.',
  ...volumes.map((volume) => `${volumeWords(volume)} still exists, and is deleted.`),
  ...(kept ? [`The disk that is kept until ${stopWordsInZone(kept.keptUntil)} stays.`] : []),
];

/** Only the disk of an instance can be kept. A volume that outlived it is not deleted where it was to be kept. */
function refuseToKeep({ volumes: [volume] }: Left, { repository }: Environment, output: Output): void {
  const problem = line`The disk of ${repository} cannot be kept: its instance is gone.`;
  if (!volume) {
    warn(output, problem);
    return;
  }
  const backup = `Back it up with "aws ec2 create-snapshot --volume-id ${volume.volumeId}", then remove the environment with --no-keep.`;
  throw new RecodeError('InstanceGone', `${problem} ${volumeWords(volume)} still exists. ${backup}`);
}
