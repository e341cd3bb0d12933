import { Command } from 'commander';
import { examples } from '../../../help.ts';
import { statusFields } from '../../../json/fields.ts';
import { addJsonOptions, type JsonFlags } from '../../../json/options.ts';
import type { Output } from '../../../output.ts';
import { checkWeb, webOption } from '../../../web/option.ts';
import { addAccountOptions, type EnvironmentFlags, parseTarget, repositoryArgument } from '../options.ts';

/** `recode aws status` */
export function statusCommand(output: Output): Command {
  const command = new Command('status')
    .summary('Show an environment and the operation in progress')
    .description('Show an environment: its resources, how to connect to it, the operation in progress, and its last error.')
    .argument(...repositoryArgument)
    .option('--owner <owner>', "show a teammate's environment")
    .option(...webOption);
  return addJsonOptions(addAccountOptions(command), statusFields)
    .addHelpText(
      'after',
      examples([
        ['Show an environment', 'recode aws status acme/api'],
        ['Run a command on it from a script', 'eval "$(recode aws status acme/api --json --jq .sshCommand) uname -a"'],
        ['Open the instance in the AWS console', 'recode aws status acme/api --web'],
        ['Print some fields as JSON', 'recode aws status acme/api --json=status,publicIpAddress'],
      ]),
    )
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<EnvironmentFlags & { readonly web?: boolean }>();
      const target = parseTarget(repository, flags, process.env);
      const { parseSelection } = await import('../../../json/selection.ts');
      const selection = parseSelection(invoked.opts<JsonFlags>(), output, statusFields);
      if (flags.web) {
        checkWeb(target.account, output);
        const { openStatus } = await import('./web.ts');
        return openStatus(target, output);
      }
      const { runStatus } = await import('./run.ts');
      await runStatus(target, selection, output);
    });
}
