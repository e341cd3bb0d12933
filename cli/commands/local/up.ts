import { Command } from 'commander';
import { examples } from '../../help.ts';
import { type Output, table } from '../../output.ts';
import { parseRegion } from '../../region.ts';
import { shellQuote } from '../../shell-quote.ts';
import type { AccountFlags } from '../aws/options.ts';

/** `recode local up` */
export function upCommand({ stdout }: Output): Command {
  return new Command('up')
    .summary('Start the embedded AWS')
    .description('Start the embedded AWS, and show how any AWS client reaches it. One that runs is left as it is.')
    .option('--region <region>', 'the region to deploy Recode in, at the first start (default: us-east-1)')
    .addHelpText(
      'after',
      examples([
        ['Start it', 'recode local up'],
        ['Deploy Recode in another region, before anything is in it', 'recode local up --region eu-west-1'],
      ]),
    )
    .action(async (_: unknown, invoked: Command) => {
      const { region } = invoked.optsWithGlobals<AccountFlags>();
      const { localCredentials, startEmbeddedAws } = await import('../../embedded-aws.ts');
      const running = await startEmbeddedAws(region === undefined ? undefined : parseRegion(region));
      const { accessKeyId, secretAccessKey } = localCredentials();
      const variables = {
        AWS_ENDPOINT_URL: running.endpoint,
        AWS_REGION: running.region,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
      };
      stdout.write('The embedded AWS is running.\n');
      stdout.write(
        table([
          ['Endpoint', running.endpoint],
          ['Region', running.region],
          ['Account', running.accountId],
          ['State', running.stateDirectory],
        ]),
      );
      stdout.write('\nTo use it with the AWS CLI or any other client:\n');
      for (const [name, value] of Object.entries(variables)) stdout.write(`  export ${name}=${shellQuote(value)}\n`);
    });
}
