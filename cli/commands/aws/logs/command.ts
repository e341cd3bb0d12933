import { Command, Option } from 'commander';
import { examples } from '../../../help.ts';
import { consoleFields, idleFields, logFields } from '../../../json/fields.ts';
import { addJsonOptions, type JsonFlags } from '../../../json/options.ts';
import type { Output } from '../../../output.ts';
import { addAccountOptions, repositoryArgument } from '../options.ts';
import type { LogsFlags } from './request.ts';

/** `recode aws logs` */
export function logsCommand(output: Output): Command {
  const command = new Command('logs')
    .summary('Show the steps of the last operations on an environment')
    .description(
      'Show the steps of the last operation on an environment: when each began, how long it took, and the attempts that failed. Recode ' +
        'remembers the last ten operations. Step Functions keeps their steps for 90 days. --timeline draws the steps that determined when an ' +
        'operation ended, and what their time went into. --console shows what the instance wrote to its console. --idle shows why ' +
        'it did or did not stop while nobody used it, which is read over SSH.',
    )
    .argument(...repositoryArgument)
    .option('-n, --count <count>', 'show this many operations, up to 10')
    .option('-f, --follow', 'show the steps of an operation in progress as they happen, until it ends')
    .addOption(new Option('--timeline', 'show where the time went instead').conflicts('follow'))
    .addOption(new Option('--console', 'show the console of the instance instead').conflicts(['count', 'follow', 'timeline']))
    .addOption(
      new Option('--idle', 'show why it did or did not stop for being idle instead').conflicts(['count', 'follow', 'timeline', 'console']),
    )
    .option('--owner <owner>', "show a teammate's environment");
  return addJsonOptions(addAccountOptions(command), logFields, { '--console': consoleFields, '--idle': idleFields })
    .addHelpText(
      'after',
      examples([
        ['Show the steps of the last operation', 'recode aws logs acme/api'],
        ['Show the last three operations', 'recode aws logs acme/api -n 3'],
        ['Watch an operation in progress', 'recode aws logs acme/api -f'],
        ['Show what took so long', 'recode aws logs acme/api --timeline'],
        ['Show why an instance does not boot', 'recode aws logs acme/api --console'],
        ['Show why it stopped, or did not', 'recode aws logs acme/api --idle'],
        [
          'List the steps with a failed attempt',
          "recode aws logs acme/api --json --jq '.operations[].steps[] | select(.failedAttempts != [])'",
        ],
      ]),
    )
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<LogsFlags>();
      const { parseLogs } = await import('./request.ts');
      const request = parseLogs(repository, flags, process.env);
      const { parseSelection } = await import('../../../json/selection.ts');
      const fields = request.console ? consoleFields : request.idle ? idleFields : logFields;
      const selection = parseSelection(invoked.opts<JsonFlags>(), output, fields);
      const { runLogs } = await import('./run.ts');
      await runLogs(request, selection, output);
    });
}
