import { RecodeError } from '../../../../core/errors.ts';
import { paths } from '../../../../core/instance/paths.ts';
import { type OpenedEnvironment, requireRecord } from '../../../environment.ts';
import { statusWords, viewOf } from '../../../environment-view.ts';
import type { ResultWriter } from '../../../json/selection.ts';
import { line, type Output } from '../../../output.ts';
import { prepareConnection } from '../../../ssh/connection.ts';
import { type RemoteHost, runToEnd } from '../../../ssh/remote.ts';

/**
 * Shows why an environment's instance did or did not stop while nobody used it: the instance has a log of it, of all its boots.
 *
 * @throws RecodeError EnvironmentNotFound, PrivateKeyNotHere, InstanceLogNotRead, and those of cli/ssh/remote.ts
 */
export async function showIdleLog(opened: OpenedEnvironment, write: ResultWriter, output: Output): Promise<void> {
  const record = await requireRecord(opened);
  const connection = prepareConnection(opened.files, record);
  if (connection?.error) throw connection.error;
  const lines = connection && (await readLog({ sshConfig: connection.sshConfigFile, name: connection.host }));
  if (output.json) return write({ ...opened.subject, lines: lines ?? null });
  const { stdout } = output;
  const { repository } = opened.subject;
  if (!lines) stdout.write(line`${repository} is ${statusWords(viewOf(record))}. Its instance has the log: start it to read it.\n`);
  else if (lines.length === 0) stdout.write(line`The instance of ${repository} has noted nothing yet.\n`);
  else stdout.write(lines.map((text) => line`${text}\n`).join(''));
}

/** The lines of the log. An instance that has noted nothing has none. */
async function readLog(host: RemoteHost): Promise<string[]> {
  const script = `lifeline\nnoted=$(sudo -n cat ${paths.log}) || exit\nprintf '%s\\n' "$noted" | while read -r line; do tell "noted $line"; done\ntell read\n`;
  const { told, printed, reason } = await runToEnd(host, script);
  if (!told.includes('read') && !printed(/No such file/)) {
    throw new RecodeError('InstanceLogNotRead', `The instance says: ${reason}`);
  }
  return told.flatMap((text) => (text.startsWith('noted ') ? [text.slice('noted '.length)] : []));
}
