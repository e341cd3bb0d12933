import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { type AccountFlags, addAccountOptions, jsonOption, parseAccount } from '../options.ts';

/** `recode aws whoami` */
export function whoamiCommand(output: Output): Command {
  const command = new Command('whoami')
    .summary('Show the account, region and owner that commands use')
    .description(
      'Show which account, region and owner the other commands use, where the credentials come from, and whether Recode is installed in ' +
        'the region.',
    );
  return addAccountOptions(command)
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Show who you are', 'recode aws whoami'],
        ['Check a profile before you use it', 'recode aws whoami --profile team --region eu-west-1'],
        ['Use your name as an owner in a script', 'recode aws whoami --json | jq -r .owner'],
      ]),
    )
    .action(async (_: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<AccountFlags>();
      const account = parseAccount(flags, process.env);
      const { runWhoami } = await import('./run.ts');
      await runWhoami(account, output);
    });
}
