import { RecodeError } from '../../core/errors.ts';
import type { FollowView } from '../execution/follow-view.ts';
import { readRepository } from '../repository.ts';
import { type RemoteHost, runRemote } from '../ssh/remote.ts';
import { clone } from './clone.ts';
import { locked } from './clone-script.ts';
import { dotfilesMark } from './report.ts';
import type { Source } from './source.ts';

// https://docs.github.com/en/codespaces/setting-your-user-preferences/personalizing-github-codespaces-for-your-account#dotfiles
const installers = ['install.sh', 'install', 'bootstrap.sh', 'bootstrap', 'script/bootstrap', 'setup.sh', 'setup', 'script/setup'];

/**
 * Clones the dotfiles of a person into ~/dotfiles, and installs them as Codespaces does. One that has failed runs again at the next start.
 *
 * @throws RecodeError DotfilesFailed, and those of cli/workspace/clone.ts
 */
export async function installDotfiles(host: RemoteHost, repository: string, source: Source, view: FollowView): Promise<void> {
  await clone(host, { repository, source, folder: '"$HOME/dotfiles"', options: {} }, view);
  await view.during('Installing the dotfiles', async (detail) => {
    const remote = runRemote(host, installScript, { line: (text) => view.say(`  ${text}`), passing: detail });
    for (let told = await remote.told(); told !== undefined; told = await remote.told()) {
      const [, installer, code] = /^failed (\S+) (\d+)$/.exec(told) ?? [];
      if (installer !== undefined) throw new RecodeError('DotfilesFailed', `${installer} of ${repository} failed with exit code ${code}.`);
    }
  });
}

/** Whether a folder that was cloned from `origin` has this repository. */
export function isCloneOf(repository: string, origin: string, variables: NodeJS.ProcessEnv): boolean {
  if (origin === '') return false;
  try {
    return readRepository(origin, variables).repository?.toLowerCase() === repository.toLowerCase();
  } catch (error) {
    if (error instanceof RecodeError) return false;
    throw error;
  }
}

const installScript = `${locked}[ ! -e ${dotfilesMark} ] || exit 0
lifeline
cd "$HOME/dotfiles" || exit
done_with() { mkdir -p "$HOME/.local/state/recode" && : >${dotfilesMark}; exit; }
for installer in ${installers.join(' ')}; do
  [ -f "$installer" ] || continue
  [ -x "$installer" ] && run=exec || run='exec sh'
  "\${SHELL:-/bin/sh}" -l -c 'cd "$HOME/dotfiles" && '"$run ./$installer" 4>&- 9>&-
  code=$?
  [ "$code" -ne 0 ] || done_with
  tell "failed $installer $code"
  exit 1
done
for path in .[!.]*; do
  [ -e "$path" ] && [ "$path" != .git ] || continue
  [ -e "$HOME/$path" ] || [ -L "$HOME/$path" ] || ln -s "$HOME/dotfiles/$path" "$HOME/$path"
done
done_with
`;
