import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addAccountOptions, addOperationOptions, jsonOption, repositoryArgument } from '../options.ts';
import { addStartOptions } from './options.ts';
import type { StartFlags } from './request.ts';

/** `recode aws start` */
export function command(output: Output): Command {
  const start = new Command('start')
    .summary('Start the environment of a repository')
    .description(
      'Start the environment of a GitHub repository, or create it if it does not exist.\n\n' +
        'An environment is an EC2 instance of your own that you connect to with ssh. When you stop it and start it again, its disk and ' +
        'host key stay the same; its address can change. It stops automatically at the time you or your team set. The start runs in AWS: ' +
        'it continues there if you press Ctrl-C.\n\n' +
        'Then the repository is cloned into ~/workspace on the instance, unless it is there, and its hooks run.\n\n' +
        'If the instance was terminated outside Recode, its disk is lost. A start then says what is left, and asks before it starts a new ' +
        'instance with an empty disk; --new-instance agrees in advance. The environment keeps its name, options and keys.\n\n' +
        'An existing environment keeps its options unless you give them again. --allow-cidr, --auto-stop, --idle-stop and --volume-type can ' +
        'change at any start, --volume-size can grow, and --instance-type can change while the environment is stopped.',
    )
    .argument(...repositoryArgument)
    .option('--instance-type <type>', "EC2 instance type, amd64 or arm64 (default: the setting, or else your team's)")
    .option('--volume-size <GiB>', "size of the root volume in GiB, which can grow later (default: your team's)")
    .option('--volume-type <type>', "type of the root volume: {gp2|gp3} (default: your team's)");
  start.option('--new-instance', 'if its instance was terminated outside Recode, start a new one with an empty disk, without asking');
  addStartOptions(start);
  addOperationOptions(start, "before starting a teammate's environment");
  return addAccountOptions(start)
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Try it on this machine, without an AWS account', 'recode aws start recode-sh/workspace --local'],
        ['Start an environment in your AWS account', 'recode aws start acme/api --profile team --region eu-west-1'],
        ['Choose the instance type and disk', 'recode aws start acme/api --instance-type m6g.large --volume-size 64'],
        ['Grow its disk, whether it is running or not', 'recode aws start acme/api --volume-size 100'],
        ['Allow SSH only from your own network', 'recode aws start acme/api --allow-cidr 203.0.113.0/24'],
        ['Allow SSH only from this machine; run it again when its address changes', 'recode aws start acme/api --allow-cidr mine'],
        ['Stop it automatically in the evening', 'recode aws start acme/api --auto-stop 19:30 --time-zone Europe/Paris'],
        ['Stop it when nobody uses it for an hour', 'recode aws start acme/api --idle-stop 1h'],
        ['Clone the last commit of a branch', 'recode aws start acme/api --branch next --depth 1'],
        ['Clone with the SSH agent of this machine, and sign commits there', 'recode aws start acme/api --git-protocol ssh --git-signing'],
        ['Install your dotfiles', 'recode aws start acme/api --dotfiles ada/dotfiles'],
        ['Start it with an empty disk after its instance was terminated', 'recode aws start acme/api --new-instance'],
        ['Run a command on it from a script', 'eval "$(recode aws start acme/api --json | jq -r .sshCommand) uname -a"'],
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
