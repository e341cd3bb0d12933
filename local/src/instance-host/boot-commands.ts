/** The instance does not support its user data. Its boot ends, and its console says why. */
export class BootRefused extends Error {
  override readonly name = 'BootRefused';
}

/** The files of cloud-init and the boot commands by absolute path, and the folders. */
export interface SystemFiles {
  readonly files: Map<string, string>;
  readonly folders: Set<string>;
}

/** The part of the file system of an Ubuntu image that boot commands can see. */
export function freshSystem(files: Readonly<Record<string, string>>): SystemFiles {
  const system: SystemFiles = { files: new Map(Object.entries(files)), folders: new Set(['/']) };
  for (const folder of [
    '/etc/ssh/sshd_config.d',
    '/etc/systemd/system',
    '/home',
    '/root',
    '/opt',
    '/run',
    '/tmp',
    '/usr/local/bin',
    '/var/log',
  ]) {
    makeFolder(system, folder);
  }
  return system;
}

/** Makes the files and folders those of another system. */
export function replaceContents(system: SystemFiles, { files, folders }: SystemFiles): void {
  system.files.clear();
  for (const [path, text] of files) system.files.set(path, text);
  system.folders.clear();
  for (const folder of folders) system.folders.add(folder);
}

/** Creates a folder with its parents. Throws `BootRefused` if a file is in the way. */
export function makeFolder(system: SystemFiles, path: string): void {
  for (let folder = path; folder !== '/'; folder = parentOf(folder)) {
    if (system.files.has(folder)) throw new BootRefused(`${folder} is a file, not a folder`);
    system.folders.add(folder);
  }
}

/** The folder of a file. */
export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

/** An absolute path without `.`, `..` and double slashes. Throws `BootRefused` for a relative path. */
export function absolute(path: string): string {
  if (!path.startsWith('/')) throw new BootRefused(`the path ${path} is not absolute`);
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** A command. It gets its arguments and the files of the instance. It returns its exit code, its output, and its stderr as `complaint`. */
export type BootCommand = (args: readonly string[], system: SystemFiles) => Outcome;
interface Outcome {
  readonly code: number;
  readonly output: string;
  readonly complaint?: string;
}

const done: Outcome = { code: 0, output: '' };

/** All boot commands. The list is short because they change only `SystemFiles`, never the machine that runs the embedded AWS. */
export const bootCommands: ReadonlyMap<string, BootCommand> = new Map<string, BootCommand>([
  ['true', () => done],
  [':', () => done],
  ['false', () => ({ code: 1, output: '' })],
  ['mkdir', mkdir],
  ['cat', cat],
  ['rm', rm],
  ['mv', mv],
  ['chmod', (args, system) => onExisting('chmod', args, system, /^(0?[0-7]{3,4}|[ugoa]*[-+=][rwxX]+)$/)],
  ['chown', (args, system) => onExisting('chown', args, system, /^[a-z_][\w-]*(:[a-z_][\w-]*)?$/)],
  ['printf', printf],
  ['echo', echo],
  ['systemctl', systemctl],
]);

function mkdir(args: readonly string[], system: SystemFiles): Outcome {
  const { flags, rest } = split('mkdir', args, ['-p', '--parents']);
  for (const path of rest.map(absolute)) {
    if (flags.length > 0) {
      makeFolder(system, path);
      continue;
    }
    if (system.folders.has(path) || system.files.has(path)) return failed(`mkdir: cannot create directory '${path}': File exists`);
    if (!system.folders.has(parentOf(path))) return failed(`mkdir: cannot create directory '${path}': No such file or directory`);
    system.folders.add(path);
  }
  return done;
}

function cat(args: readonly string[], system: SystemFiles): Outcome {
  const { rest } = split('cat', args, []);
  // Without a file, it would read what it is given as input.
  if (rest.length === 0) throw new BootRefused('"cat" without a file is not supported');
  let output = '';
  const complaints: string[] = [];
  for (const path of rest.map(absolute)) {
    const text = system.files.get(path);
    if (text !== undefined) output += text;
    else complaints.push(`cat: ${path}: ${system.folders.has(path) ? 'Is a directory' : 'No such file or directory'}`);
  }
  return complaints.length === 0 ? { code: 0, output } : { code: 1, output, complaint: complaints.join('\n') };
}

function rm(args: readonly string[], system: SystemFiles): Outcome {
  const { flags, rest } = split('rm', args, ['-f', '--force']);
  for (const path of rest.map(absolute)) {
    if (system.folders.has(path)) return failed(`rm: cannot remove '${path}': Is a directory`);
    if (!system.files.delete(path) && flags.length === 0) return failed(`rm: cannot remove '${path}': No such file or directory`);
  }
  return done;
}

function mv(args: readonly string[], system: SystemFiles): Outcome {
  const { rest } = split('mv', args, ['-f', '--force']);
  const [from, to, ...more] = rest.map(absolute);
  if (from === undefined || to === undefined || more.length > 0 || system.folders.has(from) || system.folders.has(to))
    throw new BootRefused(`"${['mv', ...args].join(' ')}" is not supported`);
  const text = system.files.get(from);
  if (text === undefined) return failed(`mv: cannot stat '${from}': No such file or directory`);
  if (!system.folders.has(parentOf(to))) return failed(`mv: cannot move '${from}' to '${to}': No such file or directory`);
  system.files.delete(from);
  system.files.set(to, text);
  return done;
}

function onExisting(name: string, args: readonly string[], system: SystemFiles, first: RegExp): Outcome {
  const [what, ...paths] = args;
  if (what === undefined || !first.test(what) || paths.length === 0)
    throw new BootRefused(`"${[name, ...args].join(' ')}" is not supported`);
  for (const path of paths.map(absolute)) {
    if (!system.files.has(path) && !system.folders.has(path)) return failed(`${name}: cannot access '${path}': No such file or directory`);
  }
  return done;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\' };

function printf(args: readonly string[]): Outcome {
  const [format, ...values] = args;
  if (format === undefined || format.startsWith('-')) throw new BootRefused(`"printf ${args.join(' ')}" is not supported`);
  let output = '';
  // Like printf, uses the format again while values are left.
  do {
    const before = values.length;
    output += format.replace(/\\(.?)|%(.?)/gs, (text, letter: string | undefined, conversion: string | undefined) => {
      const escaped = letter === undefined ? undefined : escapes[letter];
      if (escaped !== undefined) return escaped;
      if (conversion === '%') return '%';
      if (conversion === 's') return values.shift() ?? '';
      throw new BootRefused(`printf does not support "${text}" here`);
    });
    if (values.length > 0 && values.length === before) break;
  } while (values.length > 0);
  return { code: 0, output };
}

function echo(args: readonly string[]): Outcome {
  const bare = args[0] === '-n';
  const words = bare ? args.slice(1) : args;
  // Shells differ in what echo does with a backslash.
  if (words.some((word) => word.includes('\\') || /^-[eEn]/.test(word)))
    throw new BootRefused('echo with escapes or options is not supported: use printf');
  return { code: 0, output: `${words.join(' ')}${bare ? '' : '\n'}` };
}

// As on Debian, sshd runs as a service, without socket activation (ssh.socket).
const sshService = new Set(['ssh', 'ssh.service', 'sshd', 'sshd.service']);

function systemctl(args: readonly string[]): Outcome {
  const { rest } = split('systemctl', args, ['--quiet', '-q', '--now', '--no-block']);
  const [verb, ...units] = rest;
  if (verb === 'daemon-reload' && units.length === 0) return done;
  if (units.length === 0) throw new BootRefused(`"systemctl ${args.join(' ')}" is not supported`);
  const unknown = units.find((unit) => !sshService.has(unit));
  switch (verb) {
    case 'is-enabled':
    case 'is-active':
      return unknown === undefined ? done : { code: verb === 'is-active' ? 3 : 1, output: '' };
    case 'enable':
    case 'start':
    case 'restart':
    case 'reload':
      return unknown === undefined ? done : failed(`Unit ${unknown} not found.`);
    case 'disable':
    case 'stop':
    case 'mask':
      if (unknown === undefined) throw new BootRefused('an instance without its SSH service is not supported');
      return failed(`Unit ${unknown} not loaded.`);
    default:
      throw new BootRefused(`"systemctl ${args.join(' ')}" is not supported`);
  }
}

const failed = (complaint: string): Outcome => ({ code: 1, output: '', complaint });

function split(command: string, args: readonly string[], known: readonly string[]): { flags: string[]; rest: string[] } {
  const flags = args.filter((arg) => arg.startsWith('-'));
  const unknown = flags.find((flag) => !known.includes(flag));
  if (unknown !== undefined) throw new BootRefused(`"${command} ${unknown}" is not supported`);
  return { flags, rest: args.filter((arg) => !arg.startsWith('-')) };
}
