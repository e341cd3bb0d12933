import { Command } from 'commander';
import { examples } from '../../help.ts';
import type { Output } from '../../output.ts';

/** `recode local down` */
export function downCommand({ stdout }: Output): Command {
  return new Command('down')
    .summary('Stop the embedded AWS')
    .description('Stop the embedded AWS. Its state is kept: the next command with --local finds everything as it was.')
    .addHelpText('after', examples([['Stop it', 'recode local down']]))
    .action(async () => {
      const { stopEmbeddedAws } = await import('../../embedded-aws.ts');
      const stopped = await stopEmbeddedAws();
      stdout.write(stopped ? 'The embedded AWS is stopped. Its state is kept.\n' : 'The embedded AWS was not running.\n');
    });
}
