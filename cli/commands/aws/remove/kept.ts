import { DeletedKept } from '../../../../core/document.ts';
import { RecodeError } from '../../../../core/errors.ts';
import { confirm } from '../../../confirm.ts';
import { openEnvironment } from '../../../environment.ts';
import { beforeOperation, checkedSentences } from '../../../execution/control-plane.ts';
import { follow, startOperation } from '../../../execution/operation.ts';
import { inSession } from '../../../execution/session.ts';
import { readKept } from '../../../kept.ts';
import { line, type Output, paint, writeJson } from '../../../output.ts';
import { stopWordsInZone } from '../../../stop-time.ts';
import type { OperationRequest } from '../options.ts';

/**
 * Deletes the kept disks of an environment that was removed, after a question that names them.
 *
 * @throws RecodeError KeptDiskNotFound, ConfirmationRequired, what the execution fails with, and those of cli/environment.ts
 */
export function runRemoveKept(request: OperationRequest, output: Output): Promise<void> {
  return inSession(output, `deletion of the kept disks of ${request.repository}`, async (session) => {
    const { account, clients, subject } = await openEnvironment(request, session.view);
    const kept = await beforeOperation({ account, clients }, 'delete-kept', readKept(account, subject));
    const { owner, repository } = subject;
    if (kept.length === 0) throw new RecodeError('KeptDiskNotFound', `No disk of ${repository} of ${owner} is kept in ${account.region}.`);
    const disks = kept.map(
      ({ snapshotId, volumeSize, keptUntil }) => `  ${snapshotId}, ${volumeSize} GiB, kept until ${stopWordsInZone(keptUntil)}`,
    );
    const question = `${line`This deletes what is kept of ${repository} of ${owner} in ${account.region}`}:\n${disks.join('\n')}\nDelete it?`;
    if (!request.force && !(await confirm(question, output))) return;
    const input = { environment: subject };
    const executionArn = await startOperation(clients, account, { kind: 'delete-kept', input }, session);
    const { result } = await follow(clients, account, executionArn, DeletedKept, session, {
      sentences: checkedSentences(clients, executionArn),
    });
    session.view.end();
    const { stdout } = output;
    if (output.json) writeJson(output, { ...subject, deleted: result.deleted, executionArn });
    else stdout.write(`\n${paint(stdout, 'green', '✓')} ${paint(stdout, 'bold', `Deleted what was kept of ${repository}`)}\n`);
  });
}
