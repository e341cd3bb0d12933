import { Command } from 'commander';
import { examples } from '../../../help.ts';
import type { Output } from '../../../output.ts';
import { addAccountOptions, type EnvironmentFlags, jsonOption, parseTarget, repositoryArgument } from '../options.ts';

/** `recode aws schedule` */
export function scheduleCommand(output: Output): Command {
  return new Command('schedule')
    .summary('Manage when an environment stops automatically')
    .description('Manage when an environment stops automatically, without starting it. "recode aws extend" postpones the next stop alone.')
    .addCommand(showCommand(output))
    .addCommand(setCommand(output))
    .addCommand(clearCommand(output))
    .addHelpText(
      'after',
      examples([
        ['Show when it stops next', 'recode aws schedule show acme/api'],
        ['Stop it every evening', 'recode aws schedule set acme/api 19:30'],
        ["Use the team's default again", 'recode aws schedule clear acme/api'],
      ]),
    );
}

function showCommand(output: Output): Command {
  const command = new Command('show')
    .summary('Show when an environment stops automatically')
    .description('Show when an environment stops automatically, and whether that was chosen for it.')
    .argument(...repositoryArgument);
  return withCommonOptions(command)
    .addHelpText('after', examples([['Show when it stops next', 'recode aws schedule show acme/api']]))
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const target = parseTarget(repository, invoked.optsWithGlobals<EnvironmentFlags>(), process.env);
      const { runShow } = await import('./run.ts');
      await runShow(target, output);
    });
}

function setCommand(output: Output): Command {
  const command = new Command('set')
    .summary('Choose when an environment stops automatically')
    .description(
      'Choose when an environment stops automatically: at a time of day, a duration after each start, or never. If it is started, ' +
        'this also sets its next stop; a duration begins now. --idle-stop counts at once if this machine can tell the instance over SSH, or ' +
        'else from the next start.',
    )
    .argument(...repositoryArgument)
    .argument('[when]', 'a time (20:00), a duration up to 7 days (8h, 90m) or never; as before if it is left out')
    .option('--time-zone <zone>', "time zone of a time, for example Europe/Paris (default: this machine's)")
    .option('--idle-stop <duration>', 'stop it when nobody uses it for so long: 15m to 168h, or off');
  return withCommonOptions(command)
    .addHelpText(
      'after',
      examples([
        ['Stop it every evening', 'recode aws schedule set acme/api 19:30'],
        ['Stop it eight hours after each start', 'recode aws schedule set acme/api 8h'],
        ['Stop it when nobody uses it for two hours', 'recode aws schedule set acme/api --idle-stop 2h'],
      ]),
    )
    .action(async (repository: string, when: string | undefined, _: unknown, invoked: Command) => {
      const flags = invoked.optsWithGlobals<EnvironmentFlags & { readonly timeZone?: string; readonly idleStop?: string }>();
      const { timeZone, idleStop } = flags;
      const target = parseTarget(repository, flags, process.env);
      const { runSet } = await import('./run.ts');
      const given = { ...(when !== undefined && { when }), ...(timeZone !== undefined && { timeZone }) };
      await runSet({ ...target, ...given, ...(idleStop !== undefined && { idleStop }) }, output);
    });
}

function clearCommand(output: Output): Command {
  const command = new Command('clear')
    .summary("Let an environment stop when your team's defaults say")
    .description("Forget when an environment was to stop automatically, and its idle time: from now on, your team's defaults count.")
    .argument(...repositoryArgument);
  return withCommonOptions(command)
    .addHelpText('after', examples([["Use the team's default again", 'recode aws schedule clear acme/api']]))
    .action(async (repository: string, _: unknown, invoked: Command) => {
      const target = parseTarget(repository, invoked.optsWithGlobals<EnvironmentFlags>(), process.env);
      const { runClear } = await import('./run.ts');
      await runClear(target, output);
    });
}

function withCommonOptions(command: Command): Command {
  return addAccountOptions(command.option('--owner <owner>', 'owner of the environment')).option(...jsonOption);
}
