import { parseMinutes } from '../../../../core/auto-stop.ts';
import { line, type Output, paint, writeJson } from '../../../output.ts';
import { keepInstanceAwake } from '../../../ssh/instance-stops.ts';
import { type ConnectionTarget, openStarted } from '../../../started-environment.ts';
import { stopWordsInZone } from '../../../stop-time.ts';

/** Which environment to keep awake, and for how long. */
export interface KeepAwakeRequest extends ConnectionTarget {
  /** As it was typed. */
  readonly duration: string;
}

/**
 * Keeps an environment from stopping while nobody uses it.
 *
 * @throws RecodeError AutoStopNotValid, those of cli/started-environment.ts and cli/ssh/instance-stops.ts
 */
export async function runKeepAwake({ duration, ...target }: KeepAwakeRequest, output: Output): Promise<void> {
  const minutes = duration === 'off' ? 0 : parseMinutes(duration);
  const environment = await openStarted(target, { ...output, stdout: output.stderr });
  if (!environment) return;
  const { files, host, subject } = environment;
  await keepInstanceAwake({ sshConfig: files.sshConfig, name: host }, minutes);
  const until = minutes === 0 ? null : new Date(Date.now() + minutes * 60_000).toISOString();
  const { stdout } = output;
  if (output.json) return writeJson(output, { owner: subject.owner, repository: subject.repository, keptAwakeUntil: until });
  const said = until === null ? 'counts idle time again' : `does not stop for being idle before ${stopWordsInZone(until)}`;
  stdout.write(`${paint(stdout, 'green', '✓')} ${line`${subject.repository} ${said}`}\n`);
}
