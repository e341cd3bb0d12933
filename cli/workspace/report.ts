import { type HookName, hookFile, hookNames } from './hook-names.ts';

/** What there is of a workspace, as the script that has looked tells it. */
export interface Report {
  /** The folder of the repository. */
  readonly folder: string;
  /** The hooks that are to run. */
  readonly due: readonly HookName[];
  /** The text of `.recode/repositories`, if there is one. */
  readonly repositories?: string;
  /** What lies in the folder of all repositories. */
  readonly names: ReadonlySet<string>;
  /** Whether the dotfiles have been installed. */
  readonly dotfiles: boolean;
  /** Where `~/dotfiles` was cloned from, empty if it is no clone; undefined without that folder. */
  readonly dotfilesOrigin?: string;
}

const mostBytes = 64 * 1024;

/** Marks that the dotfiles have been installed. */
export const dotfilesMark = '"$HOME/.local/state/recode/dotfiles"';

/** Where a shell script finds the notes of Recode about the repository in `$folder`: in its git folder, where git does not see them. */
export const notesOfFolder = `notes=
if [ -e "$folder/.git" ] && notes=$(git -C "$folder" rev-parse --absolute-git-dir); then
  notes=$notes/recode
  mkdir -p "$notes"
fi
`;

/**
 * Tells what is in `$folder` and beside it.
 *
 * @param started whether the start hook is to run: it stays due until it has succeeded
 */
export function reportScript({ started }: { readonly started: boolean }): string {
  return `tell "folder $folder"
${notesOfFolder}if [ -n "$notes" ]; then
  ${started ? '' : '[ -z "$cloned" ] || '}: >"$notes/start-due"
${hookNames.map((name) => `  [ -f "$folder"/${hookFile(name)} ] && ${isDue(name)} && tell 'due ${name}'`).join('\n')}
  [ ! -f "$folder/.recode/repositories" ] || tell "repositories $(head -c ${mostBytes} "$folder/.recode/repositories" | base64 -w 0)"
fi
for path in "$HOME/workspace"/* "$HOME/workspace"/.*; do tell "name \${path##*/}"; done
[ ! -e ${dotfilesMark} ] || tell 'dotfiles'
[ ! -e "$HOME/dotfiles" ] || tell "dotfiles-origin $(git config --file "$HOME/dotfiles/.git/config" --get remote.origin.url)"
`;
}

/** The condition of a shell script that a hook is to run. */
export const isDue = (name: HookName): string => (name === 'init' ? '[ ! -e "$notes/init-done" ]' : '[ -e "$notes/start-due" ]');

/** The command of a shell script that a hook is not to run again by itself. */
export const markDone = (name: HookName): string => (name === 'init' ? ': >"$notes/init-done"' : 'rm -f "$notes/start-due"');

/** Reads what the script has told. */
export function readReport(told: readonly string[]): Report {
  const values = (key: string) => told.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));
  const due = values('due');
  const [repositories] = values('repositories');
  const [dotfilesOrigin] = values('dotfiles-origin');
  return {
    folder: values('folder')[0] ?? '',
    due: hookNames.filter((name) => due.includes(name)),
    ...(repositories !== undefined && { repositories: Buffer.from(repositories, 'base64').toString('utf8') }),
    names: new Set(values('name')),
    dotfiles: told.includes('dotfiles'),
    ...(dotfilesOrigin !== undefined && { dotfilesOrigin }),
  };
}
