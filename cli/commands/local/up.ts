import { Command } from 'commander';
import { RecodeError } from '../../../core/errors.ts';
import { examples } from '../../help.ts';
import { type Output, table, writeJson } from '../../output.ts';
import { parseRegion } from '../../region.ts';
import { type AccountFlags, jsonOption } from '../aws/options.ts';
import { latencies, parseLatency } from './latency.ts';

/** `recode local up` */
export function upCommand(output: Output): Command {
  return new Command('up')
    .summary('Start the embedded AWS')
    .description('Start the embedded AWS and show how to connect AWS clients to it. Does nothing if it is already running.')
    .option('--region <region>', 'deploy Recode in this region, at the first start (default: us-east-1)')
    .option('--latency <latency>', `how long it takes until it stops: {${latencies.join('|')}} (default: instant)`)
    .option('--shell', 'print only the export commands, for eval')
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples([
        ['Start it', 'recode local up'],
        ['Start it and use it with the AWS CLI', 'eval "$(recode local up --shell)" && aws ec2 describe-instances'],
        ['Deploy Recode in another region', 'recode local up --region eu-west-1'],
        ['See how long operations take on AWS', 'recode local up --latency calibrated'],
      ]),
    )
    .action(async (_: unknown, invoked: Command) => {
      const { region, ...given } = invoked.optsWithGlobals<AccountFlags & { readonly latency?: string; readonly shell?: boolean }>();
      const { shell } = given;
      if (output.json && shell) throw new RecodeError('UsageNotValid', '--shell cannot be used with --json.');
      const latency = given.latency === undefined ? undefined : parseLatency(given.latency);
      const { setEmbeddedAwsLatency, startEmbeddedAws } = await import('../../embedded-aws.ts');
      const { clientVariables, exportLines } = await import('./client-variables.ts');
      const running = await startEmbeddedAws(region === undefined ? undefined : parseRegion(region));
      if (latency !== undefined) await setEmbeddedAwsLatency(running, latency);
      const variables = clientVariables(running);
      const { stdout } = output;
      if (output.json) {
        writeJson(output, { running: true, ...running, environment: variables });
        return;
      }
      if (shell) {
        stdout.write(exportLines(variables, process.env));
        return;
      }
      stdout.write('The embedded AWS is running\n');
      stdout.write(
        table([
          ['Endpoint', running.endpoint],
          ['Region', running.region],
          ['Account', running.accountId],
          ['State', running.stateDirectory],
          ...(latency === undefined ? [] : [['Latency', latency] as const]),
        ]),
      );
      stdout.write(`\nTo use it with the AWS CLI or any other client, run:\n  eval "$(recode local up --shell)"\n`);
    });
}
