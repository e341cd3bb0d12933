import { RecodeError } from '../../../../core/errors.ts';
import { environmentCommand } from '../../../environment.ts';
import { inSession, withoutExecution } from '../../../execution/session.ts';
import { type Output, writeJson } from '../../../output.ts';
import { workFolder } from '../../../ssh/remote-folder.ts';
import { type ConnectionTarget, openStarted } from '../../../started-environment.ts';
import { type HookName, hookFile, hookNames } from '../../../workspace/hook-names.ts';
import { type EndedHook, hookFailure, runHook } from '../../../workspace/hooks.ts';

/** Hooks to run. */
export interface HooksRequest extends ConnectionTarget {
  readonly names: readonly HookName[];
}

/** Reads which hooks were asked for: all, if none is named. Throws RecodeError UsageNotValid. */
export function parseHook(text: string | undefined): readonly HookName[] {
  if (text === undefined) return hookNames;
  const known = hookNames.find((name) => name === text);
  if (known) return [known];
  throw new RecodeError('UsageNotValid', `There is no hook '${text}'. Use ${hookNames.join(' or ')}.`);
}

/**
 * Runs the hooks of a repository, whether they have run or not. One that fails keeps the next from running.
 *
 * @throws RecodeError HookFailed, HookNotFound, RepositoryNotCloned, and those of cli/started-environment.ts and cli/ssh
 */
export async function runHooks(request: HooksRequest, output: Output): Promise<void> {
  const environment = await openStarted(request, output.json ? { ...output, stdout: output.stderr } : output);
  if (!environment) return;
  const { subject, files, host, address } = environment;
  const { repository } = subject;
  const ended = await inSession(output, withoutExecution(`run of the hooks of ${repository}`), async ({ view }) => {
    const all: EndedHook[] = [];
    for (const name of request.names) {
      const hook = await runHook({ sshConfig: files.sshConfig, name: host }, { repository, name, again: true }, view);
      if (!hook) continue;
      const failure = hookFailure(environment, hook);
      if (failure) throw failure;
      all.push(hook);
    }
    return all;
  });
  if (ended.length === 0) {
    const [name] = request.names;
    const what = request.names.length === 1 && name ? hookFile(name) : 'hooks';
    const { clone } = await workFolder({ sshConfig: files.sshConfig, name: host, address }, repository);
    if (clone) throw new RecodeError('HookNotFound', `The clone of ${repository} on the instance has no ${what}.`);
    const fix = environmentCommand(environment, 'start');
    throw new RecodeError('RepositoryNotCloned', `There is no clone of ${repository} on the instance, so it has no hooks.`, { fix });
  }
  if (output.json) writeJson(output, { repository, hooks: ended });
}
