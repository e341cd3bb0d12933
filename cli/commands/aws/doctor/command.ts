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
    .summary('Check this machine, compare the records with AWS, and fix what differs')
    .description(
      'Check what Recode needs of this machine: programs, keys, settings, credentials, the clock, and the way to AWS and to your running ' +
        'environments. Then compare the records of all environments and of the network with what AWS has, and list what differs. It ' +
        'changes nothing unless you ask for it. The exit code is 1 if there is a problem, or something is left to do.\n\n' +
        '--fix repairs what is safe: it restores SSH rules, key pairs and missing parts of the network, updates records, releases ' +
        'dead locks, and stops instances without a record. --delete-orphans deletes resources without a record, and duplicates. Both ' +
        'are for administrators, and for what belongs to your own environments.\n\n' +
        '--json prints everything for a bug report. Names, addresses, accounts, access keys and your home folder are replaced by ' +
        'placeholders. Read it before you share it.',
    );
  return addAccountOptions(command)
    .option('--fix', 'fix what is safe to fix')
    .option('--delete-orphans', 'delete resources without a record, and duplicates')
    .option('--force', 'do not ask for confirmation')
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Show what is wrong', 'recode aws doctor'],
        ['Check this machine with the embedded AWS', 'recode aws doctor --local'],
        ['Write a report for others', 'recode aws doctor --json > report.json'],
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
