import { Command } from 'commander';
import { examples } from '../../help.ts';
import { type Output, table, writeJson } from '../../output.ts';
import { jsonOption } from '../aws/options.ts';

/** `recode local status` */
export function statusCommand(output: Output): Command {
  return new Command('status')
    .summary('Show whether the embedded AWS is running')
    .description('Show whether the embedded AWS is running, and its endpoint. The exit code is 1 if it is not running.')
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Show it', 'recode local status'],
        ['Use it in a script', 'recode local status > /dev/null || recode local up'],
      ]),
    )
    .action(async () => {
      const { embeddedAwsStatus } = await import('../../embedded-aws.ts');
      const status = await embeddedAwsStatus();
      const { running, endpoint, region, accountId, pid, stateDirectory } = status;
      if (!status.running) process.exitCode = 1;
      if (output.json) {
        writeJson(output, { running, endpoint, region, accountId, pid, stateDirectory });
        return;
      }
      const { stdout } = output;
      if (!status.running) {
        stdout.write(`The embedded AWS is not running. Its state is in ${stateDirectory}\n`);
        return;
      }
      stdout.write('The embedded AWS is running\n');
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
