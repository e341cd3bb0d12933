import type { Running } from '@recode/embedded-aws/control';
import { localCredentials } from '../../embedded-aws.ts';
import { shellQuote } from '../../shell-quote.ts';

/** The environment variables that make any AWS client use the embedded AWS, and Recode too. */
export function clientVariables({ endpoint, region }: Pick<Running, 'endpoint' | 'region'>): Readonly<Record<string, string>> {
  const { accessKeyId, secretAccessKey } = localCredentials();
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    // What version 1 of the AWS CLI and boto3 read: not AWS_REGION.
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    RECODE_LOCAL: '1',
  };
}

/** The same as commands of a POSIX shell, without the session token that the shell may have for other keys. */
export function exportLines(exported: Readonly<Record<string, string>>, variables: NodeJS.ProcessEnv): string {
  const stale = ['AWS_SESSION_TOKEN', 'AWS_SECURITY_TOKEN'].filter((name) => variables[name] !== undefined);
  const lines = Object.entries(exported).map(([name, value]) => `export ${name}=${shellQuote(value)}`);
  return `${[...lines, ...stale.map((name) => `unset ${name}`)].join('\n')}\n`;
}
