import { Command } from 'commander';
import { examples } from '../help.ts';
import { type Output, paint } from '../output.ts';
import { isTopic, type TopicName } from '../reference/topic-names.ts';
import { unknownCommand } from '../unknown.ts';

/** `recode help aws start`, `recode aws help start`: the help of the command that the words lead to; or of a topic. */
export function helpCommand(output: Output): Command {
  return new Command('help')
    .summary('Show the help of a command')
    .description('Show the help of a command, as its option --help does.')
    .argument('[command...]', 'the command')
    .addHelpText(
      'after',
      examples([
        ['Show the options of a command', 'recode help aws start'],
        ['Show the environment variables that Recode reads', 'recode help environment'],
      ]),
    )
    .action(async (words: readonly string[], _: unknown, invoked: Command) => {
      let command = invoked.parent ?? invoked;
      const [topic = '', ...more] = words;
      if (!command.parent && more.length === 0 && isTopic(topic)) return showTopic(topic, invoked, output);
      for (const word of words) {
        const child = command.commands.find((candidate) => candidate.name() === word);
        if (!child) throw unknownCommand(command, word);
        command = child;
      }
      command.help();
    });
}

// As wide as help is where it is not shown on a terminal.
const usualColumns = 80;

async function showTopic(topic: TopicName, command: Command, { stdout }: Output): Promise<void> {
  const { topics } = await import('../reference/topics.ts');
  const help = command.createHelp();
  const parts = topics[topic].map(([name, text]) => {
    if (text.startsWith(' ')) return text;
    const wrapped = help.boxWrap(name === '' ? text : `${name}: ${text}`, stdout.columns ?? usualColumns);
    return wrapped.startsWith(name) ? `${name === '' ? '' : paint(stdout, 'bold', name)}${wrapped.slice(name.length)}` : wrapped;
  });
  stdout.write(`${parts.join('\n\n')}\n`);
}
