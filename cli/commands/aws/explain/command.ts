import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { jsonOption } from '../options.ts';

/** `recode aws explain` */
export function explainCommand(output: Output): Command {
  return new Command('explain')
    .summary('Explain an error')
    .description('Explain an error: what it means, what to do about it, and the exit code. Without a name, list all errors.')
    .argument('[name]', 'the name of the error, as --json and the record of an environment have it')
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Explain an error', 'recode aws explain NoCapacity'],
        ['List all errors', 'recode aws explain'],
        ['Explain the last error of an environment', 'recode aws explain "$(recode aws status acme/api --json | jq -r .lastError.name)"'],
      ]),
    )
    .action(async (name: string | undefined) => {
      const { runExplain } = await import('./run.ts');
      runExplain(name, output);
    });
}
