import { Command } from 'commander';
import { followCommand } from './commands/aws/follow/command.ts';
import { listCommand } from './commands/aws/list/command.ts';
import { removeCommand } from './commands/aws/remove/command.ts';
import { startCommand } from './commands/aws/start/command.ts';
import { statusCommand as environmentStatusCommand } from './commands/aws/status/command.ts';
import { stopCommand } from './commands/aws/stop/command.ts';
import { uninstallCommand } from './commands/aws/uninstall/command.ts';
import { downCommand } from './commands/local/down.ts';
import { resetCommand } from './commands/local/reset.ts';
import { statusCommand } from './commands/local/status.ts';
import { upCommand } from './commands/local/up.ts';
import { commandName, examples, heading, leafCommands } from './help.ts';
import type { Output } from './output.ts';

/** All commands of `recode`. What they do is loaded when one of them runs. */
export function createProgram(output: Output, version: string): Command {
  const aws = new Command('aws')
    .summary('Development environments on AWS')
    .description('Development environments in your AWS account, or in the embedded AWS on this machine (--local).')
    .addCommand(startCommand(output))
    .addCommand(stopCommand(output))
    .addCommand(removeCommand(output))
    .addCommand(listCommand(output))
    .addCommand(environmentStatusCommand(output))
    .addCommand(followCommand(output))
    .addCommand(uninstallCommand(output))
    .addHelpText(
      'after',
      examples([
        ['Start an environment, or find it started', 'recode aws start acme/api'],
        ['Stop it for the night', 'recode aws stop acme/api'],
        ['See all that you have', 'recode aws list'],
        ['Remove it for good', 'recode aws remove acme/api'],
      ]),
    );
  const local = new Command('local')
    .summary('The embedded AWS on this machine')
    .description('The embedded AWS: what --local works with, on this machine alone. The first command with --local starts it.')
    .addCommand(upCommand(output))
    .addCommand(downCommand(output))
    .addCommand(statusCommand(output))
    .addCommand(resetCommand(output))
    .addHelpText(
      'after',
      examples([
        ['See whether it runs, and where', 'recode local status'],
        ['Stop it; its state is kept', 'recode local down'],
        ['Start from nothing', 'recode local reset'],
      ]),
    );

  const program = new Command('recode')
    .description(
      'Development environments on EC2 for your GitHub repositories, in your team’s own AWS account.\n\n' +
        'Each developer gets an instance of their own for a repository, reached with plain ssh.',
    )
    .usage('<command> [options]')
    .version(version, '-v, --version', 'print the version')
    .addCommand(aws)
    .addCommand(local)
    .addHelpText(
      'after',
      `${examples([
        ['Try Recode on this machine, without an AWS account', 'recode aws start recode-sh/workspace --local'],
        ['Start an environment in your AWS account', 'recode aws start acme/api --profile team --region eu-west-1'],
        ['See what the embedded AWS is doing', 'recode local status'],
      ])}\n${environmentHelp()}\n\n${heading('Learn more:')}\n  Run "recode <command> --help" for a command's options, such as "recode aws start --help".`,
    );
  // The top-level help names every command with what to type for it, instead of two groups.
  program.configureHelp({
    visibleCommands: leafCommands,
    subcommandTerm: (command) => commandName(command).replace(/^recode /, ''),
    subcommandDescription: (command) => command.summary() || command.description(),
  });
  return settled(program, output, true);
}

/** The command that an invocation names: the deepest one that its words lead to. */
export function namedCommand(program: Command, argv: readonly string[]): Command {
  const [word, ...rest] = argv.filter((argument) => !argument.startsWith('-'));
  const child = program.commands.find((command) => command.name() === word);
  return child ? namedCommand(child, rest) : program;
}

/** What holds for every command: help as wide as its reader's terminal, errors thrown instead of printed. */
function settled(command: Command, output: Output, top = false): Command {
  command
    .helpOption('-h, --help', 'show this help')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.stdout.write(text),
      // Only the help of a group that was given without a command; errors are shown in one place for all.
      writeErr: (text) => output.stdout.write(text),
      outputError: () => {},
    })
    .configureHelp({ ...command.configureHelp(), styleTitle: heading });
  if (!top) command.helpCommand(false);
  for (const child of command.commands) settled(child, output);
  return command;
}

function environmentHelp(): string {
  const rows = [
    ['AWS_PROFILE, AWS_REGION, …', 'as for the AWS CLI'],
    ['GH_TOKEN, GITHUB_TOKEN', 'whose repositories are meant by a name alone; else the GitHub CLI is asked'],
    ['GITHUB_API_URL', "where GitHub's API is, for GitHub Enterprise"],
    ['RECODE_LOCAL=1', 'use the embedded AWS, as --local does'],
    ['RECODE_LOCAL_DIR', 'where the embedded AWS keeps its state'],
    ['RECODE_OWNER', 'whose environments they are, where your AWS sign-in has no lasting name'],
    ['RECODE_DEBUG=1', 'show where an error came from'],
    ['NO_COLOR, FORCE_COLOR', 'no colours, or always'],
  ] as const;
  const width = Math.max(...rows.map(([name]) => name.length));
  return `\n${heading('Environment variables:')}\n${rows.map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}`).join('\n')}`;
}
