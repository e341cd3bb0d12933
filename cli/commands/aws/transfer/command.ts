import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addAccountOptions, addOperationOptions, jsonOption, repositoryArgument } from '../options.ts';
import type { TransferFlags } from './request.ts';

/** `recode aws transfer` */
export function command(output: Output): Command {
  const transfer = new Command('transfer')
    .summary('Give the environment of a repository to a teammate')
    .description(
      'Give the environment of a repository to a teammate, with its instance, its disk and its name. It is stopped, which ends all ' +
        'connections. From then on it belongs to its new owner, who alone gets in after the next start: no key of yours is accepted ' +
        'any more, and its files for ssh on this machine are deleted. All data on its disk goes along, also tokens and the history of ' +
        'the shell.\n\nOnly its owner and administrators can transfer an environment. The new owner sees the own name with ' +
        '"recode aws whoami". A transfer that did not finish is finished by the same command.',
    )
    .argument(...repositoryArgument)
    .option('--to <owner>', 'the new owner, as "recode aws whoami" shows the name there');
  addOperationOptions(transfer, 'before transferring it');
  return addAccountOptions(transfer)
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Give an environment to a teammate after confirmation', 'recode aws transfer acme/api --to bob'],
        ['Transfer it in a script', 'recode aws transfer acme/api --to bob --force'],
        ['Transfer the environment of a teammate who has left', 'recode aws transfer acme/api --to bob --owner alice'],
      ]),
    )
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const { parseTransfer } = await import('./request.ts');
      const request = parseTransfer(repository, invoked.optsWithGlobals<TransferFlags>(), process.env);
      const { runTransfer } = await import('./run.ts');
      await runTransfer(request, output);
    });
}
