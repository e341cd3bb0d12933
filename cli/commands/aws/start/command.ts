import { Command, Option } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addAccountOptions, addOperationOptions, jsonOption, repositoryArgument } from '../options.ts';
import type { StartFlags } from './request.ts';

/** `recode aws start` */
export function startCommand(output: Output): Command {
  const command = new Command('start')
    .summary('Start the development environment of a repository')
    .description(
      'Start the development environment of a GitHub repository, and make it first if there is none.\n\n' +
        'It is an EC2 instance of your own, which you reach with your own ssh. Started again, it is the same one: its disk ' +
        'and its host key stay, its address may change. It stops by itself when you or your team have said. The start runs in AWS; interrupted here, it goes on there.',
    )
    .argument(...repositoryArgument)
    .option('--instance-type <type>', 'EC2 instance type: on demand, with EBS, amd64 or arm64 (default: t2.medium)')
    .option('--volume-size <GiB>', 'size of the root volume (default: 16)')
    .addOption(new Option('--volume-type <type>', 'type of the root volume (default: gp2)').choices(['gp2', 'gp3']))
    .option('--allow-cidr <block>', 'IPv4 block that may reach SSH; give it again for more (default: 0.0.0.0/0)', collect)
    .option('--auto-stop <when>', "stop it at a time of day (20:00), so long after each start (8h, 90m), or never (default: the team's)")
    .option('--time-zone <zone>', "time zone of that time of day, such as Europe/Paris (default: this machine's)");
  addOperationOptions(command, "before a teammate's environment is started");
  return addAccountOptions(command)
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Try it on this machine, without an AWS account', 'recode aws start recode-sh/workspace --local'],
        ['Start an environment in your AWS account', 'recode aws start acme/api --profile team --region eu-west-1'],
        ['Choose the machine', 'recode aws start acme/api --instance-type m6g.large --volume-size 64 --volume-type gp3'],
        ['Let only your own network in', 'recode aws start acme/api --allow-cidr 203.0.113.0/24'],
        ['Have it stopped in the evening', 'recode aws start acme/api --auto-stop 19:30 --time-zone Europe/Paris'],
        ['Connect from a script', 'eval "$(recode aws start acme/api --json | jq -r .sshCommand) uname -a"'],
      ]),
    )
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<StartFlags>();
      const { parseStart } = await import('./request.ts');
      const request = parseStart(repository, flags, process.env);
      const { runStart } = await import('./run.ts');
      await runStart(request, output);
    });
}

const collect = (block: string, before: readonly string[] = []) => [...before, block];
