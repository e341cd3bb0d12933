import type { Command } from 'commander';
import { distance } from 'fastest-levenshtein';
import { commandName, leafCommands } from './help.ts';

/**
 * The commands that a person may have meant by a word that names none, the likeliest first. One that deletes is suggested only for its own
 * name in another group, for a word that means the same, and for a slip of one letter: "rename" is not "remove".
 *
 * @param group where the word was typed
 */
export function meantCommands(group: Command, word: string): Command[] {
  const typed = word.toLowerCase();
  const known = leafCommands(group);
  const named = known.filter((command) => command.name() === typed);
  const synonyms = known.filter((command) => wordsFor(command).includes(typed));
  if (named.length + synonyms.length > 0) return outermost([...named, ...synonyms]);
  const groups = group.commands.filter((command) => command.commands.length > 0);
  return outermost(nearest(typed, [...groups, ...known], (command) => command.name(), mostSlips));
}

/** The options that a person may have meant by one that a command does not have: `--json` for `--jsn`. */
export function meantOptions(command: Command, flag: string): string[] {
  const typed = (flag.split('=')[0] ?? '').toLowerCase();
  const visible = command.createHelp().visibleOptions(command);
  const known = visible.flatMap(({ long }) => (long ? [long] : []));
  const synonyms = known.filter((long) => optionWords[long]?.includes(typed));
  if (synonyms.length > 0) return synonyms;
  const near = nearest(typed, known, (long) => long, typed.length > 5 ? () => 2 : () => 1);
  // A part of the name: "--volume" stands for two.
  return near.length > 0 || typed.length < 5 ? near : known.filter((long) => long.startsWith(typed));
}

/** The names of errors that a person may have meant by one that no error has: those spelled most like it, else up to three that contain it. */
export function meantErrors<Name extends string>(typed: string, names: readonly Name[]): Name[] {
  const word = typed.toLowerCase();
  const near = nearest(
    word,
    names,
    (name) => name.toLowerCase(),
    () => 3,
  );
  if (near.length > 0 || word.length < 4) return near;
  return names.filter((name) => name.toLowerCase().includes(word)).slice(0, 3);
}

/** The settings that a person may have meant by a name that no setting has: `instance_type` is instance-type. */
export function meantSettings<Name extends string>(typed: string, names: readonly Name[]): Name[] {
  const word = typed.toLowerCase().replaceAll('_', '-').replace(/^-+/, '');
  const synonyms = names.filter((name) => settingWords[name]?.includes(word));
  if (synonyms.length > 0) return synonyms;
  return nearest(
    word,
    names,
    (name) => name,
    () => 2,
  );
}

/** The commands that are in the fewest groups: `recode aws list`, not `recode aws keys list`. */
function outermost(commands: readonly Command[]): Command[] {
  const depth = (command: Command) => commandName(command).split(' ').length;
  const least = Math.min(...commands.map(depth));
  return commands.filter((command) => depth(command) === least);
}

const deleting: readonly string[] = ['remove', 'uninstall', 'reset'];

// What other tools call the same.
const commandWords: Readonly<Record<string, readonly string[]>> = {
  'aws start': ['up', 'create', 'new', 'launch', 'run', 'resume', 'open', 'code'],
  'aws ssh': ['connect', 'shell', 'exec', 'login'],
  'aws stop': ['down', 'halt', 'pause', 'suspend'],
  'aws restart': ['reboot', 'reload', 'cycle'],
  'aws move': ['migrate', 'relocate', 'zone'],
  'aws remove': ['rm', 'delete', 'del', 'destroy', 'terminate'],
  'aws list': ['ls', 'ps'],
  'aws status': ['show', 'describe', 'info', 'inspect', 'get', 'view'],
  'aws follow': ['watch', 'tail', 'attach', 'wait'],
  'aws rename': ['mv', 'name'],
  'aws transfer': ['give', 'handover', 'hand-over', 'chown', 'assign'],
  'aws cancel': ['abort', 'kill', 'interrupt', 'unlock'],
  'aws retry': ['again', 'rerun', 'continue'],
  'aws logs': ['log', 'history', 'events'],
  'keys add': ['create', 'new', 'import', 'allow', 'authorize'],
  'keys list': ['ls', 'show'],
  'keys remove': ['rm', 'delete', 'del', 'revoke'],
  'aws explain': ['error', 'errors', 'why'],
  'aws uninstall': ['teardown', 'purge'],
  'aws whoami': ['identity', 'account', 'auth', 'id'],
  'local up': ['start', 'run', 'serve', 'env'],
  'local down': ['stop', 'halt'],
  'local status': ['ps', 'info'],
  'local reset': ['rm', 'delete', 'remove', 'clean', 'wipe'],
};
const optionWords: Readonly<Record<string, readonly string[]>> = {
  '--force': ['--yes', '-y', '-f', '--confirm', '--no-input'],
  '--no-wait': ['--detach', '-d', '--background', '--async', '--wait'],
  '--json': ['--output', '-o', '--format'],
  '--all': ['-a', '--everyone'],
  '--instance-type': ['--type', '--machine', '--machine-type', '-t'],
  '--volume-size': ['--size', '--disk', '--disk-size', '--storage'],
  '--allow-cidr': ['--cidr', '--allow', '--allow-cidrs', '--cidrs'],
  '--auto-stop': ['--idle-timeout', '--timeout', '--stop', '--stop-after', '--stop-at'],
  '--time-zone': ['--timezone', '--tz'],
  '--profile': ['-p'],
  '--region': ['-r'],
  '--owner': ['--user', '-u'],
  '--version': ['-v', '-version'],
};

const settingWords: Readonly<Record<string, readonly string[]>> = {
  profile: ['aws-profile', 'aws.profile'],
  region: ['aws-region', 'aws.region', 'default-region'],
  editor: ['ide'],
  'instance-type': ['type', 'machine', 'machine-type', 'instancetype'],
  'git-protocol': ['protocol', 'gitprotocol'],
};

function wordsFor(command: Command): readonly string[] {
  const group = command.parent?.name();
  return commandWords[`${group} ${command.name()}`] ?? [];
}

const mostSlips = (command: Command) => (deleting.includes(command.name()) || command.name().length < 4 ? 1 : 2);

/** What is spelled most like a word, if anything is spelled enough like it; letters that changed places are one slip. */
function nearest<Item>(word: string, items: readonly Item[], nameOf: (item: Item) => string, most: (item: Item) => number): Item[] {
  const slips = (item: Item) => (sorted(word) === sorted(nameOf(item)) ? 1 : distance(word, nameOf(item)));
  const near = items.filter((item) => slips(item) <= most(item));
  const fewest = Math.min(...near.map(slips));
  return near.filter((item) => slips(item) === fewest);
}

const sorted = (word: string) => [...word].sort().join('');
