import { BootRefused, bootCommands, type SystemFiles } from './boot-commands.ts';
import { runBootScript } from './boot-script.ts';
import type { InstanceUser } from './disk.ts';

/** How a `sudo` on an instance has ended. */
export interface Sudone {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The files of the instance afterwards; absent if nothing was run. */
  readonly system?: SystemFiles;
}

/**
 * Runs a command as root of an instance, on a copy of its files. The command may be one of the boot commands, or `sh -c` with a script of
 * them. Everything else is refused, because it would change the machine that runs the embedded AWS.
 *
 * @param args what stands behind `sudo`
 */
export function runSudo(args: readonly string[], user: InstanceUser, system: SystemFiles): Sudone {
  if (!user.sudo && user.name !== 'root') return refused('a password is required');
  const copy: SystemFiles = { files: new Map(system.files), folders: new Set(system.folders) };
  try {
    const { code, printed } = runBootScript(scriptOf(args), copy, commands);
    requireBelowEtc(system, copy);
    const said = (stream: 'stdout' | 'stderr') => printed.flatMap(({ to, text }) => (to === stream ? [text] : [])).join('');
    return { code, stdout: said('stdout'), stderr: said('stderr'), system: copy };
  } catch (error) {
    if (!(error instanceof BootRefused)) throw error;
    return refused(`${error.message}\n${scope}`);
  }
}

// A service would have to read its settings again at once.
const commands = new Map([...bootCommands].filter(([name]) => name !== 'systemctl'));
const scope = `In an instance of the embedded AWS, sudo changes only the instance's own files below /etc. It runs sh -c and ${[...commands.keys()].join(', ')}.`;

const refused = (reason: string): Sudone => ({ code: 1, stdout: '', stderr: `sudo: ${reason}\n` });

function scriptOf(args: readonly string[]): string {
  const words = [...args];
  while (words[0] === '-n' || words[0] === '--non-interactive') words.shift();
  if (words[0] === '--') words.shift();
  else if (words[0]?.startsWith('-')) throw new BootRefused(`the option ${words[0]} is not supported`);
  const [name, option, script, ...more] = words;
  if (name === undefined) throw new BootRefused('no command is given');
  if (!shell.test(name)) return words.map(quoted).join(' ');
  if (option !== '-c' || script === undefined || more.length > 0)
    throw new BootRefused(`"${name}" is supported with -c and one script only`);
  return script;
}

const shell = /^((\/usr)?\/bin\/)?(ba)?sh$/;
const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;

/** Refuses changes where the instance shows the files of the real machine, or its home folders. */
function requireBelowEtc(before: SystemFiles, after: SystemFiles): void {
  const paths = new Set([...before.files.keys(), ...after.files.keys()]);
  const changed = [...paths].filter((path) => before.files.get(path) !== after.files.get(path));
  const added = [...after.folders].filter((path) => !before.folders.has(path));
  const outside = [...changed, ...added].find((path) => !path.startsWith('/etc/'));
  if (outside !== undefined) throw new BootRefused(`${outside} cannot be changed`);
}
