import { Command, type Option } from 'commander';
import { RecodeError } from '../core/errors.ts';
import { cancelCommand } from './commands/aws/cancel/command.ts';
import { configSshCommand } from './commands/aws/config-ssh/command.ts';
import { cpCommand } from './commands/aws/cp/command.ts';
import { copyArgument, remotePath } from './commands/aws/cp/paths.ts';
import { doctorCommand } from './commands/aws/doctor/command.ts';
import { explainCommand } from './commands/aws/explain/command.ts';
import { extendCommand } from './commands/aws/extend/command.ts';
import { followCommand } from './commands/aws/follow/command.ts';
import { forwardCommand } from './commands/aws/forward/command.ts';
import { keepAwakeCommand } from './commands/aws/keep-awake/command.ts';
import { keysCommand } from './commands/aws/keys/command.ts';
import { listCommand } from './commands/aws/list/command.ts';
import { logsCommand } from './commands/aws/logs/command.ts';
import { openCommand } from './commands/aws/open/command.ts';
import { type Definition, operationCommands } from './commands/aws/operations.ts';
import { addAccountOptions, type EnvironmentFlags, jsonOption } from './commands/aws/options.ts';
import { restoreCommand } from './commands/aws/restore/command.ts';
import { retryCommand } from './commands/aws/retry/command.ts';
import { runHooksCommand } from './commands/aws/run-hooks/command.ts';
import { scheduleCommand } from './commands/aws/schedule/command.ts';
import { sshCommand } from './commands/aws/ssh/command.ts';
import { statusCommand as environmentStatusCommand } from './commands/aws/status/command.ts';
import { whoamiCommand } from './commands/aws/whoami/command.ts';
import { completeCommand, completionCommand } from './commands/completion/command.ts';
import { configCommand } from './commands/config/config.ts';
import { helpCommand } from './commands/help.ts';
import { downCommand } from './commands/local/down.ts';
import { resetCommand } from './commands/local/reset.ts';
import { statusCommand } from './commands/local/status.ts';
import { upCommand } from './commands/local/up.ts';
import type { GivenCommand } from './failure.ts';
import { commandName, examples, heading, leafCommands } from './help.ts';
import type { Output } from './output.ts';
import { topicNames } from './reference/topic-names.ts';
import { unknownCommand, unknownOption } from './unknown.ts';
import { needValues, usageError } from './usage.ts';

type ReadOutput = Output & { json: boolean; filtered?: boolean };

/** The commands of `recode aws` by name, in the order of the help. */
const awsCommands: ReadonlyMap<string, Definition> = new Map<string, Definition>([
  ...operationCommands('environment'),
  ['restore', restoreCommand],
  ['ssh', sshCommand],
  ['open', openCommand],
  ['forward', forwardCommand],
  ['cp', cpCommand],
  ['config-ssh', configSshCommand],
  ['run-hooks', runHooksCommand],
  ['list', listCommand],
  ['status', environmentStatusCommand],
  ['follow', followCommand],
  ['logs', logsCommand],
  ['cancel', cancelCommand],
  ['retry', retryCommand],
  ['keys', keysCommand],
  ['extend', extendCommand],
  ['keep-awake', keepAwakeCommand],
  ['schedule', scheduleCommand],
  ...operationCommands('network'),
  ['doctor', doctorCommand],
  ['whoami', whoamiCommand],
  ['explain', explainCommand],
]);

/** The same of `recode local`. */
const localCommands: ReadonlyMap<string, Definition> = new Map([
  ['up', upCommand],
  ['down', downCommand],
  ['status', statusCommand],
  ['reset', resetCommand],
]);

/**
 * The commands of `recode`. What they do is loaded when one of them runs.
 *
 * @param output its `json` becomes true when --json is read, and its `filtered` when --jq is
 * @param argv where its first words are those of a command in a group, that one is all there is: to define the others takes as long as it runs
 */
export async function createProgram(output: ReadOutput, version: string, argv: readonly string[] = []): Promise<Command> {
  const program = new Command('recode')
    .description(
      'Development environments on EC2 for your GitHub repositories, in your team’s own AWS account.\n\n' +
        'Each developer gets their own instance for a repository and connects to it with ssh.',
    )
    .usage('<command> [options]')
    .version(version, '-v, --version', 'show the version')
    .addHelpText(
      'after',
      `${examples([
        ['Try Recode on this machine, without an AWS account', 'recode aws start recode-sh/workspace --local'],
        ['Start an environment in your AWS account', 'recode aws start acme/api --profile team --region eu-west-1'],
        ['Show whether the embedded AWS is running', 'recode local status'],
      ])}\n${topicsHelp()}\n\n${heading('Learn more:')}\n  Run "recode <command> --help" to show the options of a command, and "recode help <topic>" to read about a topic.`,
    );
  for (const command of await firstCommands(output, argv)) program.addCommand(command);
  program.addCommand(completeCommand(output), { hidden: true });
  // The top-level help names every command with what to type for it, instead of two groups.
  program.configureHelp({
    visibleCommands: leafCommands,
    subcommandTerm: (command) => commandName(command).replace(/^recode /, ''),
    subcommandDescription: (command) => command.summary() || command.description(),
  });
  // The options that stand before the command as well as after it; whichever comes later counts.
  addAccountOptions(program)
    .option(...jsonOption)
    .hook('preAction', (_, invoked) => {
      if (invoked.name() === 'help') return;
      refuseForeignOptions(program, invoked);
      refuseHelpWord(invoked);
    });
  return configured(program, output);
}

async function firstCommands(output: Output, [group, name = '']: readonly string[]): Promise<Command[]> {
  const only = (group === 'aws' ? awsCommands : group === 'local' ? localCommands : undefined)?.get(name);
  if (only) return [withCommands(group === 'aws' ? awsGroup() : localGroup(), [await only(output)])];
  const defined = (commands: ReadonlyMap<string, Definition>) =>
    Promise.all([...commands.values()].map((definition) => definition(output)));
  return [
    withCommands(awsGroup(), await defined(awsCommands)),
    withCommands(localGroup(), await defined(localCommands)),
    configCommand(output),
    completionCommand(output),
  ];
}

function awsGroup(): Command {
  return new Command('aws')
    .summary('Manage development environments on AWS')
    .description('Manage development environments in your AWS account, or in the embedded AWS on this machine (--local).')
    .addHelpText(
      'after',
      examples([
        ['Start an environment', 'recode aws start acme/api'],
        ['Open a shell in it', 'recode aws ssh acme/api'],
        ['Stop it', 'recode aws stop acme/api'],
        ['List your environments', 'recode aws list'],
        ['Remove it', 'recode aws remove acme/api'],
      ]),
    );
}

function localGroup(): Command {
  return new Command('local')
    .summary('Manage the embedded AWS on this machine')
    .description('Manage the embedded AWS, which runs on this machine. The first command with --local starts it.')
    .addHelpText(
      'after',
      examples([
        ['Show whether it is running', 'recode local status'],
        ['Stop it and keep its state', 'recode local down'],
        ['Delete it and everything in it', 'recode local reset'],
      ]),
    );
}

function withCommands(group: Command, commands: readonly Command[]): Command {
  for (const command of commands) group.addCommand(command);
  return group;
}

/** The command that an invocation names: the deepest one that its words lead to. */
export function namedCommand(program: Command, argv: readonly string[]): Command {
  return namedAt(program, argv).command;
}

/**
 * An invocation as commander reads it: `list --json status` becomes `list --json=status`, because `recode` itself reads --json, which has no
 * value before the command. Where a command has arguments, the word after --json stays one of them.
 */
export function readable(program: Command, argv: readonly string[]): string[] {
  const { command, end } = namedAt(program, argv);
  const chooses = command.options.some(({ long, optional }) => long === '--json' && optional);
  if (!chooses || command.registeredArguments.length > 0) return [...argv];
  const words = argv.slice(0, end);
  const rest = argv.slice(end);
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const fields = word === '--json' && rest[0]?.startsWith('-') === false ? rest.shift() : undefined;
    words.push(fields === undefined ? word : `--json=${fields}`);
    if (word === '--') words.push(...rest.splice(0));
  }
  return words;
}

/** The command that an invocation names, and how many words lead to it. */
function namedAt(program: Command, argv: readonly string[]): { readonly command: Command; readonly end: number } {
  let command = program;
  let end = 0;
  for (let index = 0; index < argv.length && command.commands.length > 0; index += 1) {
    const word = argv[index] ?? '';
    const option = program.options.find(({ short, long }) => word === short || word === long);
    if (option?.required) index += 1;
    if (word.startsWith('-')) continue;
    const child = command.commands.find((candidate) => candidate.name() === word);
    if (!child) break;
    if (word !== 'help') command = child;
    end = index + 1;
  }
  return { command, end };
}

/** What was typed, for the next steps that name it. */
export function givenCommand(program: Command, argv: readonly string[]): GivenCommand {
  const command = namedCommand(program, argv);
  const { owner, ...account } = command.optsWithGlobals<EnvironmentFlags>();
  const repository = repositoryIn(command);
  return { argv, usage: commandName(command), group: command.commands.length > 0, repository, owner, account };
}

function repositoryIn({ registeredArguments, args }: Command): string | undefined {
  if (registeredArguments[0]?.name() === 'repository') return args[0];
  if (registeredArguments[0]?.name() === copyArgument) return args.map((path) => remotePath(path)?.repository).find(Boolean);
  return undefined;
}

/** `recode` reads its options wherever they stand, even where the command has no use for them. */
function refuseForeignOptions(program: Command, invoked: Command): void {
  const own = new Set(invoked.options.map(({ long }) => long));
  const foreign = program.options.find((option) => {
    return program.getOptionValueSource(option.attributeName()) === 'cli' && !own.has(option.long);
  });
  if (foreign) throw unknownOption(invoked, foreign.long ?? '');
}

/** "recode aws start help" asks for the help. Without its owner, no repository can be named like that. */
function refuseHelpWord(invoked: Command): void {
  if (invoked.args[0] !== 'help') return;
  const meant = `Did you mean "${commandName(invoked)} --help"?`;
  const repository = invoked.registeredArguments[0]?.name() === 'repository';
  throw new RecodeError(
    'UsageNotValid',
    repository ? `${meant} If you mean a repository with the name help, write it as owner/help.` : meant,
  );
}

/** Configures a command and those below it: help as wide as the terminal, and errors that are thrown instead of printed. */
function configured(command: Command, output: ReadOutput): Command {
  needValues(command);
  command.on('option:json', () => {
    output.json = true;
  });
  command.on('option:jq', () => {
    output.filtered = true;
  });
  command
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .showSuggestionAfterError(false)
    .exitOverride((error) => {
      throw usageError(command, error);
    })
    .configureOutput({
      writeOut: (text) => output.stdout.write(text),
      // Only the help of a group that was given without a command; errors are shown in one place for all.
      writeErr: (text) => output.stdout.write(text),
      outputError: () => {},
    })
    .configureHelp({ ...command.configureHelp(), minWidthToWrap: 20, styleTitle: heading, optionTerm: termIn(command) });
  if (command.commands.length > 0) {
    command.addCommand(helpCommand(output), { hidden: true });
    command.on('command:*', ([word = '', ...operands]: string[], options: string[]) => {
      throw unknownCommand(command, word, operands, options);
    });
  }
  for (const child of command.commands) configured(child, output);
  return command;
}

/** How the help of a command shows an option: where the command has arguments, the word after --json is one of them. */
function termIn({ registeredArguments }: Command): (option: Option) => string {
  return ({ flags, optional }) => (optional && registeredArguments.length > 0 ? flags.replace(' [', '[=') : flags);
}

function topicsHelp(): string {
  const width = Math.max(...Object.keys(topicNames).map((name) => name.length));
  const rows = Object.entries(topicNames).map(([name, about]) => `  ${name.padEnd(width)}  ${about}`);
  return `\n${heading('Help topics:')}\n${rows.join('\n')}`;
}
