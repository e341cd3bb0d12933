import { type BootCommand, bootCommands, done } from './boot-commands.ts';
import { runBootScript } from './boot-script.ts';
import type { InstanceUser } from './disk.ts';
import { BootRefused, copyOf, type SystemFiles } from './system-files.ts';

/** How a `sudo` on an instance has ended. */
export interface Sudone {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The files of the instance afterwards; absent if nothing was run. */
  readonly system?: SystemFiles;
  /** Whether the instance is to shut down now. */
  readonly powersOff: boolean;
}

/**
 * Runs a command as root of an instance, on a copy of its files. The command may be one of the boot commands, `systemctl poweroff`, or
 * `sh -c` with a script of them. Everything else is refused, because it would change the machine that runs the embedded AWS.
 *
 * @param args what stands behind `sudo`
 */
export function runSudo(args: readonly string[], user: InstanceUser, system: SystemFiles): Sudone {
  if (!user.sudo && user.name !== 'root') return refused('a password is required');
  const copy = copyOf(system);
  let powersOff = false;
  const systemctl: BootCommand = (words) => {
    // A service would have to read its settings again at once.
    if (words.join(' ') !== 'poweroff') throw new BootRefused('of systemctl, only "systemctl poweroff" is supported');
    powersOff = true;
    return done;
  };
  try {
    const { code, printed } = runBootScript(scriptOf(args), copy, new Map([...commands, ['systemctl', systemctl]]));
    requireOwnFiles(system, copy);
    const said = (stream: 'stdout' | 'stderr') => printed.flatMap(({ to, text }) => (to === stream ? [text] : [])).join('');
    return { code, stdout: said('stdout'), stderr: said('stderr'), system: copy, powersOff };
  } catch (error) {
    if (!(error instanceof BootRefused)) throw error;
    return refused(`${error.message}\n${scope}`);
  }
}

const own = ['/etc', '/run', '/var/log'];
const commands = new Map<string, BootCommand>([...bootCommands, ['cloud-init', cloudInit]]);
const scope = `In an instance of the embedded AWS, sudo changes only the instance's own files below /etc, /run and /var/log. It runs sh -c and ${[...commands.keys()].join(', ')}.`;

/** What systemctl answers a user who would have to prove who they are, which takes a password. */
export const interactiveOnly: Sudone = { code: 1, stdout: '', stderr: 'Interactive authentication required.\n', powersOff: false };

const refused = (reason: string): Sudone => ({ code: 1, stdout: '', stderr: `sudo: ${reason}\n`, powersOff: false });

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

/** Runs the modules that fill the root volume. There is nothing to do: the file system of an instance is this machine's. */
function cloudInit(args: readonly string[]): ReturnType<BootCommand> {
  const [command, option, name, ...more] = args;
  const fills = name === 'growpart' || name === 'resizefs';
  if (command === 'single' && (option === '--name' || option === '-n') && fills && more.length === 0) return done;
  throw new BootRefused('"cloud-init" is supported with single --name growpart or resizefs only');
}

/** Refuses changes where the instance shows the files of the real machine, or its home folders. */
function requireOwnFiles(before: SystemFiles, after: SystemFiles): void {
  const paths = new Set([...before.files.keys(), ...after.files.keys()]);
  const changed = [...paths].filter((path) => before.files.get(path) !== after.files.get(path));
  const added = [...after.folders].filter((path) => !before.folders.has(path));
  const outside = [...changed, ...added].find((path) => !own.some((folder) => path.startsWith(`${folder}/`)));
  if (outside !== undefined) throw new BootRefused(`${outside} cannot be changed`);
}
