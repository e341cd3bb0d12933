import { Command } from 'commander';
import { examples } from '../../help.ts';
import { type Output, table, writeJson } from '../../output.ts';

/** `recode local status` */
export function statusCommand(output: Output): Command {
  return new Command('status')
    .summary('Show whether the embedded AWS runs, and where')
    .description('Show whether the embedded AWS runs, and where.')
    .option('--json', 'print running, endpoint, region, accountId, pid and stateDirectory as JSON')
    .addHelpText(
      'after',
      examples([
        ['Show it', 'recode local status'],
        ['Use it in a script', 'export AWS_ENDPOINT_URL="$(recode local status --json | jq -r .endpoint)"'],
      ]),
    )
    .action(async () => {
      const { embeddedAwsStatus } = await import('../../embedded-aws.ts');
      const status = await embeddedAwsStatus();
      const { running, endpoint, region, accountId, pid, stateDirectory } = status;
      if (output.json) {
        writeJson(output, { running, endpoint, region, accountId, pid, stateDirectory });
        return;
      }
      const { stdout } = output;
      if (!status.running) {
        stdout.write(`The embedded AWS is not running. Its state directory is ${stateDirectory}.\n`);
        return;
      }
      stdout.write('The embedded AWS is running.\n');
      stdout.write(
        table([
          ['Endpoint', status.endpoint],
          ['Region', status.region],
          ['Account', status.accountId],
          ['Process', String(status.pid)],
          ['State', stateDirectory],
        ]),
      );
    });
}
