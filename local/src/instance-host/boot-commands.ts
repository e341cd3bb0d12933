import { absolute, BootRefused, makeFolder, parentOf, type SystemFiles } from './system-files.ts';
import { readTimer, unitFile } from './units.ts';

/**
 * A command. It gets its arguments, the files of the instance, and the text of a here-document as its input. It returns its exit code, its
 * output, and its stderr as `complaint`.
 */
export type BootCommand = (args: readonly string[], system: SystemFiles, input?: string) => Outcome;
export interface Outcome {
  readonly code: number;
  readonly output: string;
  readonly complaint?: string;
}

export const done: Outcome = { code: 0, output: '' };

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

function cat(args: readonly string[], system: SystemFiles, input?: string): Outcome {
  const { rest } = split('cat', args, []);
  if (rest.length === 0 && input !== undefined) return { code: 0, output: input };
  // It would read what nobody gives it.
  if (rest.length === 0) throw new BootRefused('"cat" without a file or a here-document is not supported');
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

function systemctl(args: readonly string[], system: SystemFiles): Outcome {
  const { rest } = split('systemctl', args, ['--quiet', '-q', '--now', '--no-block']);
  const [verb, ...units] = rest;
  if (verb === 'daemon-reload' && units.length === 0) return done;
  const [unit = '', ...more] = units;
  if (unit.endsWith('.timer') && more.length === 0) return timerctl(verb, unit, system);
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

function timerctl(verb: string | undefined, unit: string, system: SystemFiles): Outcome {
  const known = unitFile(system, unit) !== undefined;
  switch (verb) {
    case 'is-active':
      return system.timers.has(unit) ? done : { code: 3, output: '' };
    case 'start':
      if (!known) return failed(`Failed to start ${unit}: Unit ${unit} not found.`);
      // What it could not run is refused now.
      readTimer(system, unit);
      system.timers.add(unit);
      return done;
    case 'stop':
      if (!known) return failed(`Failed to stop ${unit}: Unit ${unit} not loaded.`);
      system.timers.delete(unit);
      return done;
    default:
      throw new BootRefused(`"systemctl ${verb} ${unit}" is not supported: a boot command can start a timer at each boot`);
  }
}

const failed = (complaint: string): Outcome => ({ code: 1, output: '', complaint });

function split(command: string, args: readonly string[], known: readonly string[]): { flags: string[]; rest: string[] } {
  const flags = args.filter((arg) => arg.startsWith('-'));
  const unknown = flags.find((flag) => !known.includes(flag));
  if (unknown !== undefined) throw new BootRefused(`"${command} ${unknown}" is not supported`);
  return { flags, rest: args.filter((arg) => !arg.startsWith('-')) };
}
