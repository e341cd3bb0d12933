import { type Command, Option } from 'commander';
import { gitProtocols } from '../git-protocol.ts';

/** Adds the options about the repository on the instance. */
export function addWorkspaceOptions(command: Command): void {
  command
    .option('--branch <name>', "branch to clone (default: the repository's)")
    .option('--depth <commits>', 'clone only the last commits')
    .option('--git-protocol <protocol>', `protocol to clone with: {${gitProtocols.join('|')}} (default: your setting, else https)`)
    .option('--dotfiles <repository>', 'repository with your dotfiles, to be installed once (default: your setting)')
    .addOption(new Option('--git-signing', 'sign commits there with the SSH key that git signs with here'))
    .addOption(new Option('--no-git-signing', 'do not sign commits there any more'))
    .option('--no-clone', 'do not clone the repository')
    .option('--no-hooks', 'do not run the hooks of the repository');
}
