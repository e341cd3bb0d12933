import { Command } from 'commander';
import { examples } from '../help.ts';
import { unknownCommand } from '../unknown.ts';

/** `recode help aws start`, `recode aws help start`: the help of the command that the words lead to. */
export function helpCommand(): Command {
  return new Command('help')
    .summary('Show the help of a command')
    .description('Show the help of a command, as its option --help does.')
    .argument('[command...]', 'the command')
    .addHelpText('after', examples([['Show the options of a command', 'recode help aws start']]))
    .action((words: readonly string[], _: unknown, invoked: Command) => {
      let command = invoked.parent ?? invoked;
      for (const word of words) {
        const child = command.commands.find((candidate) => candidate.name() === word);
        if (!child) throw unknownCommand(command, word);
        command = child;
      }
      command.help();
    });
}
