import { Command } from 'commander';
import { type Shell, scripts, shells } from '../../completion/scripts.ts';
import { examples } from '../../help.ts';
import { oneOf } from '../../one-of.ts';
import { type Output, writeText } from '../../output.ts';

/** `recode completion` */
export function completionCommand(output: Output): Command {
  return new Command('completion')
    .summary('Print the completion script of a shell')
    .description(
      'Print the script that makes a shell complete the commands, options and values of recode, and your repositories. ' +
        'Completion never asks AWS: it knows the environments that your last commands have read, for example "recode aws list".',
    )
    .argument('<shell>', `{${shells.join('|')}}`)
    .addHelpText(
      'after',
      examples([
        ['bash: put this line into ~/.bashrc', 'eval "$(recode completion bash)"'],
        ['zsh: put this line into ~/.zshrc, below compinit', 'eval "$(recode completion zsh)"'],
        ['zsh: or save it in a folder of $fpath', 'recode completion zsh > "${fpath[1]}/_recode"'],
        ['fish: save it once', 'recode completion fish > ~/.config/fish/completions/recode.fish'],
      ]),
    )
    .action((text: string) => {
      output.stdout.write(scripts[oneOf(shells, text, 'shell')]);
    });
}

/** What the scripts run. It reads files at most, and only prints what there is. */
export function completeCommand(output: Output): Command {
  return new Command('__complete')
    .argument('<shell>')
    .argument('[words...]')
    .action(async (shell: Shell, words: readonly string[], _: unknown, invoked: Command) => {
      const { answer } = await import('../../completion/answer.ts');
      const reply = await answer(invoked.parent ?? invoked, oneOf(shells, shell, 'shell'), words, process.env);
      if (reply !== '') writeText(output, reply);
    });
}
