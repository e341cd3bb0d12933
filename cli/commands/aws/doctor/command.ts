import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { type AccountFlags, addAccountOptions, jsonOption, parseAccount } from '../options.ts';

interface DoctorFlags extends AccountFlags {
  readonly fix?: boolean;
  readonly deleteOrphans?: boolean;
  readonly force?: boolean;
}

/** `recode aws doctor` */
export function doctorCommand(output: Output): Command {
  const command = new Command('doctor')
    .summary('Compare the records with AWS, and fix what differs')
    .description(
      'Compare the records of all environments and of the network with what AWS has, and list what differs. It changes nothing unless ' +
        'you ask for it. The exit code is 1 if something is left to do.\n\n' +
        '--fix repairs what is safe: it restores SSH rules, key pairs and missing parts of the network, updates records, releases ' +
        'dead locks, and stops instances without a record. --delete-orphans deletes resources without a record, and duplicates. Both ' +
        'are for administrators, and for what belongs to your own environments.',
    );
  return addAccountOptions(command)
    .option('--fix', 'fix what is safe to fix')
    .option('--delete-orphans', 'delete resources without a record, and duplicates')
    .option('--force', 'do not ask for confirmation')
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Show what differs', 'recode aws doctor'],
        ['Fix it after confirmation', 'recode aws doctor --fix'],
        ['Also delete what nothing uses', 'recode aws doctor --fix --delete-orphans'],
        ['List the IDs of resources without a record', 'recode aws doctor --json | jq -r \'.findings[] | select(.kind == "orphan").id\''],
      ]),
    )
    .action(async (_: unknown, invoked: Command) => {
      const { fix = false, deleteOrphans = false, force = false, ...flags } = invoked.optsWithGlobals<DoctorFlags>();
      const account = parseAccount(flags, process.env);
      const { runDoctor } = await import('./run.ts');
      await runDoctor({ account, fix, deleteOrphans, force }, output);
    });
}
