import { Command } from 'commander';
import { examples } from '../../help.ts';
import { type Output, writeJson } from '../../output.ts';
import { jsonOption } from '../aws/options.ts';

/** `recode local down` */
export function downCommand(output: Output): Command {
  return new Command('down')
    .summary('Stop the embedded AWS')
    .description('Stop the embedded AWS. It keeps its state: the next command with --local finds your environments again.')
    .option(...jsonOption)
    .addHelpText('after', examples([['Stop it', 'recode local down']]))
    .action(async () => {
      const { stopEmbeddedAws } = await import('../../embedded-aws.ts');
      const stopped = await stopEmbeddedAws();
      if (output.json) writeJson(output, { running: false, stopped });
      else output.stdout.write(stopped ? 'Stopped the embedded AWS\n' : 'The embedded AWS is not running\n');
    });
}
