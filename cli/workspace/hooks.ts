import { RecodeError } from '../../core/errors.ts';
import { environmentCommand, type OpenedEnvironment } from '../environment.ts';
import type { FollowView } from '../execution/follow-view.ts';
import { quote, type RemoteHost, runRemote } from '../ssh/remote.ts';
import { cloneFolderWord } from './clone-script.ts';
import { type HookName, hookFile } from './hook-names.ts';
import { isDue, markDone, notesOfFolder } from './report.ts';

/** How a hook has ended. */
export interface EndedHook {
  readonly name: HookName;
  readonly exitCode: number;
  readonly seconds: number;
}

/** A hook to run. */
export interface WantedHook {
  /** `owner/name` */
  readonly repository: string;
  readonly name: HookName;
  /** Whether to run it although it has run. */
  readonly again: boolean;
}

/**
 * Runs a hook on an instance, and shows what it prints while it runs. Returns undefined for one that is not there, or that another command
 * has run meanwhile.
 *
 * @throws RecodeError those of cli/ssh/remote.ts
 */
export async function runHook(host: RemoteHost, hook: WantedHook, view: FollowView): Promise<EndedHook | undefined> {
  let show = (_: string) => {};
  const remote = runRemote(host, hookScript(hook), {
    line: (text) => view.say(`  ${text}`),
    passing: (text) => show(text),
  });
  for (let told = await remote.told(); told !== undefined; told = await remote.told()) {
    if (told === 'busy') view.say('Waiting for another command that runs a hook of this repository.');
    if (told !== 'runs') continue;
    return view.during(`Running ${hookFile(hook.name)}`, async (detail) => {
      show = detail;
      const began = Date.now();
      let exitCode = 0;
      for (let next = await remote.told(); next !== undefined; next = await remote.told()) {
        exitCode = Number(/^exit (\d+)$/.exec(next)?.[1] ?? exitCode);
      }
      const seconds = (Date.now() - began) / 1000;
      view.say(`  Exit code ${exitCode} after ${seconds.toFixed(1)}s`);
      return { name: hook.name, exitCode, seconds };
    });
  }
  return undefined;
}

/** The failure of a hook; undefined for one that has succeeded. */
export function hookFailure(environment: OpenedEnvironment, { name, exitCode, seconds }: EndedHook): RecodeError | undefined {
  if (exitCode === 0) return undefined;
  const message = `${hookFile(name)} of ${environment.subject.repository} failed with exit code ${exitCode} after ${seconds.toFixed(1)}s.`;
  return new RecodeError('HookFailed', message, { fix: environmentCommand(environment, 'run-hooks', [name]) });
}

/**
 * The shell of the user reads their profile for it. Tells `runs` and `exit` with the exit code; nothing where there is nothing to do. What
 * a hook leaves running is not waited for.
 */
function hookScript({ repository, name, again }: WantedHook): string {
  const file = hookFile(name);
  return `folder=${cloneFolderWord(repository)}
[ -f "$folder"/${file} ] || exit 0
${notesOfFolder}[ -n "$notes" ] || exit 0
exec 9>"$notes/hooks-lock" || exit
flock -n 9 || { tell busy; flock 9; }
${again ? '' : `${isDue(name)} || exit 0\n`}lifeline
tell runs
cd "$folder" || exit
[ -x ${file} ] && run=exec || run='exec sh'
"\${SHELL:-/bin/sh}" -l -c 'cd "$0" && '"$run"${quote(` ./${file}`)} "$folder" 4>&- 9>&-
code=$?
[ "$code" -ne 0 ] || ${markDone(name)}
tell "exit $code"
`;
}
