import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Stand-ins for the commands of editors, in a folder that is the whole PATH. */
export interface StandIns {
  readonly PATH: string;
  /** Puts a program there that records its arguments, and then connects by ssh to the host and the folder in them, as an editor does. */
  add(name: string): void;
  /** Puts a program there that runs a shell script instead. */
  addScript(name: string, script: string): void;
  /** What the program was given the last time, and what the shell of the environment said of its folder. */
  recorded(name: string): { readonly args: string[]; readonly folder: string };
}

/** @param directory of the test's own */
export function standIns(directory: string): StandIns {
  const PATH = join(directory, 'bin');
  rmSync(PATH, { recursive: true, force: true });
  mkdirSync(PATH, { recursive: true });
  const link = (name: string, as = name) =>
    symlinkSync(execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), join(PATH, as));
  for (const name of ['ssh', 'ssh-add', 'sed']) link(name);
  const addScript = (name: string, script: string) => writeFileSync(join(PATH, name), `#!/bin/sh\n${script}`, { mode: 0o755 });
  return {
    PATH,
    addScript,
    add: (name) =>
      addScript(
        name,
        `printf '%s\\n' "$@" > '${PATH}/${name}.args'
case "$1" in
  --remote) host=\${2#ssh-remote+} path=$3 ;;
  ssh://*) rest=\${1#ssh://} host=\${rest%%/*} path=/\${rest#*/} ;;
  *) host=$(echo "$1" | sed 's/.*[#&]host=\\([^&]*\\).*/\\1/') path=$(echo "$1" | sed 's/.*[#&]projectPath=\\([^&]*\\).*/\\1/; s,%2F,/,g') ;;
esac
exec ssh -o BatchMode=yes -F "$RECODE_SSH_CONFIG" "$host" "cd '$path' && pwd" > '${PATH}/${name}.folder'
`,
      ),
    recorded: (name) => ({
      args: readFileSync(join(PATH, `${name}.args`), 'utf8')
        .trimEnd()
        .split('\n'),
      folder: readFileSync(join(PATH, `${name}.folder`), 'utf8').trim(),
    }),
  };
}
