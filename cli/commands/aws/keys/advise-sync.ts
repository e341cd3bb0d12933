import { type Environment, statusOf } from '../../../../core/environment.ts';
import { environmentCommand, type OpenedEnvironment } from '../../../environment.ts';
import type { Output } from '../../../output.ts';

/**
 * Says how keys work that are younger than the last start of a running instance. Whether it has got them since, only a machine that can log
 * in finds out.
 */
export function adviseSync(environment: OpenedEnvironment, record: Environment, { json, stderr }: Output): void {
  if (json || !environment.own || !hasYoungKey(record)) return;
  const sync = environmentCommand(environment, 'keys sync');
  stderr.write(`\nIf a key that was added after the last start does not work yet, run this on a machine that can log in:\n  ${sync}\n`);
}

function hasYoungKey(record: Environment): boolean {
  const { launchedAt } = record.observed ?? {};
  if (statusOf(record) !== 'started' || launchedAt === undefined) return false;
  return (record.wanted.moreKeys ?? []).some(({ addedAt }) => Date.parse(addedAt) > Date.parse(launchedAt));
}
