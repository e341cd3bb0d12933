import { Command } from 'commander';
import { examples } from '../../help.ts';
import { columns, type Output, paint, writeJson } from '../../output.ts';
import { jsonOption } from '../aws/options.ts';
import { settingsHelp } from './arguments.ts';

/** `recode config list` */
export function listCommand(output: Output): Command {
  return new Command('list')
    .summary('List your settings')
    .description('List all settings: the value of each, and whether a setting, an environment variable or the default decides it.')
    .option(...jsonOption)
    .addHelpText('after', settingsHelp)
    .addHelpText(
      'after',
      examples([
        ['List your settings', 'recode config list'],
        ['Print those that are set in a script', 'recode config list --json | jq -r \'.[] | select(.source == "setting") | .name\''],
      ]),
    )
    .action(async () => {
      const { readUserSettings } = await import('../../settings/user-settings.ts');
      const { effectiveSettings } = await import('../../settings/effective.ts');
      const settings = effectiveSettings(readUserSettings(process.env), process.env);
      const { stdout } = output;
      if (output.json) {
        writeJson(
          output,
          settings.map(({ name, value, source, variable }) => ({ name, value, source, variable })),
        );
        return;
      }
      const rows = settings.map(({ name, value, fallback, source, variable }) => [name, value ?? fallback, variable ?? source]);
      stdout.write(columns(['NAME', 'VALUE', 'SOURCE'], rows, (heading) => paint(stdout, 'bold', heading)));
    });
}
