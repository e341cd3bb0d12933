import { quote } from '../ssh/remote.ts';
import { cloneFolder } from '../ssh/remote-folder.ts';
import type { WorkspaceRequest } from './request.ts';
import type { Source } from './source.ts';

/** What to clone, and where to. */
export interface Cloning {
  readonly source: Source;
  /** The folder of the clone, as a shell writes it: `"$HOME/workspace/api"`. */
  readonly folder: string;
  readonly options: Pick<WorkspaceRequest, 'branch' | 'depth'>;
}

/**
 * The folder that all repositories are cloned into, and the folder of one, each as a word of a shell. What Recode puts beside them has a
 * tilde in its name, which no repository has.
 */
export const workspace = '"$HOME/workspace"';
export const cloneFolderWord = (repository: string): string => `"$HOME"/${quote(cloneFolder(repository))}`;

/** Keeps other scripts out that clone at the same time, until this one ends. */
export const locked = `mkdir -p ${workspace} || exit
exec 9>${workspace}/.recode~lock || exit
flock -n 9 || { tell busy; flock 9; }
`;

/**
 * Clones a repository, unless something is in its place already. It appears as a whole or not at all. Tells `waits-for-git`; `no-git`;
 * `missing`, and then reads the token, which is empty if there is none; `failed`, or `cloned`; `needs-lfs`; and `ready` in the end.
 */
export function cloneScript({ source, folder, options }: Cloning): string {
  const https = source.protocol === 'https';
  return `${locked}folder=${folder}
cloned=
if ! [ -e "$folder" ] && ! [ -L "$folder" ]; then
  ${waitForGit}
  tell missing
  unset token
  IFS= read -r token || exit
  lifeline
  rm -rf ${workspace}/.recode~clone.*
  new=$(mktemp -d ${workspace}/.recode~clone.XXXXXX) || { tell failed; exit 1; }
  clean() {
    [ -z "$serving" ] || kill -KILL "$serving" 2>/dev/null
    rm -rf "$new"
  }
  serving=
  set -- git
  ${https ? withToken(source.server) : withHostKeys(source.host, source.hostKeys)}
  if git lfs version && ! git config filter.lfs.process; then git lfs install --skip-repo; fi >/dev/null 2>&1
  export LC_ALL=C GIT_TERMINAL_PROMPT=0 # its messages tell why it has failed
  export GIT_HTTP_LOW_SPEED_LIMIT=1 GIT_HTTP_LOW_SPEED_TIME=60 # a server that says nothing for a minute is gone
  ${gitClone(source, options)} 4>&- 9>&- || { tell failed; exit 1; }
  mv -T "$new/clone" "$folder" || { tell failed; exit 1; }
  clean
  clean() { :; }
  cloned=yes
  tell cloned
  if ! git lfs version >/dev/null 2>&1 && git -C "$folder" grep -q filter=lfs -- '.gitattributes' '**/.gitattributes'; then
    tell needs-lfs
  fi
fi
tell ready
`;
}

// cloud-init may still be installing it.
const waitForGit = `tries=0
  until command -v git >/dev/null; do
    tries=$((tries + 1))
    if [ "$tries" -gt 120 ] || [ "$(cloud-init status 2>/dev/null)" != 'status: running' ]; then tell no-git; exit 1; fi
    [ "$tries" -gt 1 ] || tell waits-for-git
    sleep 1
  done`;

/**
 * Serves the token to git from a pipe: `printf` and `read` are the shell's own, so that no process has the token among its arguments or
 * variables, and no file has it at any time. Git asks for the credentials of this server alone, also for submodules.
 */
const withToken = (server: string) => `if [ -n "$token" ]; then
    mkfifo -m 600 "$new/credential" || { tell failed; exit 1; }
    (
      exec 4>&- 9>&- 2>/dev/null
      trap '' PIPE
      while [ -p "$new/credential" ]; do printf 'username=x-access-token\\npassword=%s\\n' "$token" >"$new/credential"; done
    ) &
    serving=$!
    helper='!f() { [ "$1" = get ] || exit 0; { read -r user; read -r password; } <"'"$new/credential"'"; printf "%s\\n" "$user" "$password"; }; f'
    set -- git -c credential.helper= -c ${quote(`credential.${server}.helper`)}="$helper"
  fi`;

/** Writes down the host keys that GitHub tells. Without them, the first connection decides. */
const withHostKeys = (host: string, keys: readonly string[]) => `mkdir -p -m 700 "$HOME/.ssh"
  known=$HOME/.ssh/known_hosts
  ssh-keygen -F ${quote(host)} -f "$known" >/dev/null 2>&1 || {
    [ -z "$(tail -c 1 "$known" 2>/dev/null)" ] || echo
    ${keys.map((key) => `echo ${quote(`${host} ${key}`)}`).join('\n    ') || ':'}
  } >>"$known"
  export GIT_SSH_COMMAND='ssh -o BatchMode=yes -o ConnectTimeout=60 -o ServerAliveInterval=15 -o StrictHostKeyChecking=accept-new'`;

function gitClone({ url }: Source, { branch, depth }: Cloning['options']): string {
  const options = [
    ...['--progress', '--recurse-submodules'],
    ...(depth === undefined ? [] : [`--depth=${depth}`, '--shallow-submodules']),
    ...(branch === undefined ? [] : [`--branch=${branch}`]),
  ];
  return `"$@" clone ${[...options, '--', url].map(quote).join(' ')} "$new/clone"`;
}
