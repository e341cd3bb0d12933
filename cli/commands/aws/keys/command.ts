import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addAccountOptions, type EnvironmentFlags, jsonOption, repositoryArgument } from '../options.ts';

/** `recode aws keys` */
export function keysCommand(output: Output): Command {
  return new Command('keys')
    .summary('Manage the SSH keys that an environment accepts')
    .description('Manage the SSH keys that an environment accepts, to connect to it from several machines.')
    .addCommand(addCommand(output))
    .addCommand(listCommand(output))
    .addCommand(removeCommand(output))
    .addCommand(syncCommand(output))
    .addHelpText(
      'after',
      examples([
        ['Let a second machine in: run this on it', 'recode aws keys add acme/api'],
        ['Then make its key work: run this on the first one', 'recode aws keys sync acme/api'],
        ['List the keys', 'recode aws keys list acme/api'],
      ]),
    );
}

interface AddFlags extends EnvironmentFlags {
  readonly publicKey?: string;
}

function addCommand(output: Output): Command {
  const command = new Command('add')
    .summary('Let another machine into your environment')
    .description(
      'Add an SSH key to your environment. Run it on the machine that is to connect: it creates a key pair there, whose private half never ' +
        'leaves the machine. If the environment is started, run "recode aws keys sync" on a machine that can log in, or restart the ' +
        'environment: then the key works. On a machine that can log in itself, --public-key makes the key work at once.',
    )
    .argument(...repositoryArgument)
    .option('--public-key <file>', 'add the Ed25519 public key in this file instead');
  return withCommonOptions(command)
    .addHelpText(
      'after',
      examples([
        ['Let this machine in', 'recode aws keys add acme/api'],
        ['Add the key of another machine', 'recode aws keys add acme/api --public-key laptop.pub'],
      ]),
    )
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<AddFlags>();
      const { parseTarget } = await import('../options.ts');
      const target = parseTarget(repository, flags, process.env);
      const { runAdd } = await import('./add.ts');
      await runAdd({ ...target, ...(flags.publicKey !== undefined && { publicKeyFile: flags.publicKey }) }, output);
    });
}

function listCommand(output: Output): Command {
  const command = new Command('list')
    .summary('List the SSH keys of an environment')
    .description('List the SSH keys that an environment accepts, the first one first, with their fingerprints and comments.')
    .argument(...repositoryArgument);
  return withCommonOptions(command)
    .addHelpText(
      'after',
      examples([
        ['List the keys', 'recode aws keys list acme/api'],
        [
          'Print the fingerprint of this machine’s key',
          "recode aws keys list acme/api --json | jq -r '.[] | select(.thisMachine) | .fingerprint'",
        ],
      ]),
    )
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const { parseTarget } = await import('../options.ts');
      const target = parseTarget(repository, invoked.optsWithGlobals<EnvironmentFlags>(), process.env);
      const { runList } = await import('./list.ts');
      await runList(target, output);
    });
}

function removeCommand(output: Output): Command {
  const command = new Command('remove')
    .summary('Remove an SSH key from your environment')
    .description(
      'Remove an SSH key from your environment. It is refused at once if the environment is started and this machine can log in, ' +
        'otherwise after "recode aws keys sync" on such a machine, or after the next start. The last key cannot be removed.',
    )
    .argument(...repositoryArgument)
    .argument('<key>', 'fingerprint or comment of the key');
  return withCommonOptions(command)
    .addHelpText(
      'after',
      examples([
        ['Remove a key by its comment', "recode aws keys remove acme/api 'recode acme/api laptop'"],
        ['Remove it by its fingerprint', 'recode aws keys remove acme/api SHA256:Jq1pVDIa0TEbhqzwMI0XHQfYdmzjEmQDBxcTX6ZB6VI'],
      ]),
    )
    .action(async (repository: string, key: string, _: unknown, invoked: Command) => {
      const { parseTarget } = await import('../options.ts');
      const target = parseTarget(repository, invoked.optsWithGlobals<EnvironmentFlags>(), process.env);
      const { runRemove } = await import('./remove.ts');
      await runRemove({ ...target, key }, output);
    });
}

function syncCommand(output: Output): Command {
  const command = new Command('sync')
    .summary('Make a started environment accept the recorded keys now')
    .description(
      'Make the running instance of your environment accept exactly the keys that "recode aws keys list" shows, without a restart. Run it ' +
        'on a machine that can log in. Open connections stay open. A reboot from inside the instance brings back the keys of its last ' +
        'start: then run it again.',
    )
    .argument(...repositoryArgument);
  return withCommonOptions(command)
    .addHelpText(
      'after',
      examples([
        ['Make a key work that another machine has added', 'recode aws keys sync acme/api'],
        [
          'Print the fingerprints of the keys that the instance refuses from now on',
          "recode aws keys sync acme/api --json | jq -r '.removed[]'",
        ],
      ]),
    )
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const { parseTarget } = await import('../options.ts');
      const target = parseTarget(repository, invoked.optsWithGlobals<EnvironmentFlags>(), process.env);
      const { runSync } = await import('./sync.ts');
      await runSync(target, output);
    });
}

/** The owner is an option of each, because a teammate's keys can be listed, and changing them is refused with a reason. */
function withCommonOptions(command: Command): Command {
  return addAccountOptions(command.option('--owner <owner>', 'owner of the environment')).option(...jsonOption);
}
