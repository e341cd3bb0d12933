import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AwsCredentialIdentity } from '@smithy/types';
import { expandPath } from '../files.ts';

/** The parameters of AssumeRole that a session was opened with, but for the code and for a made-up name. */
export type SessionParameters = Readonly<Record<string, string | number>>;

// A session that ends sooner is not worth a command's while; the AWS CLI has the same limit.
const leftMilliseconds = 15 * 60 * 1000;

/** The session that a code opened a while ago, for this command or for the AWS CLI, which looks in the same place. */
export async function findSession(parameters: SessionParameters, variables: NodeJS.ProcessEnv): Promise<AwsCredentialIdentity | undefined> {
  const text = await readFile(fileOf(parameters, variables), 'utf8').catch(() => '');
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = credentialsIn(text);
  const expiration = new Date(Expiration ?? '');
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || !(expiration.getTime() - Date.now() > leftMilliseconds)) return undefined;
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken, expiration };
}

/** Keeps a session for the next command. Where it cannot be written, the next command asks again. */
export async function keepSession(
  parameters: SessionParameters,
  { accessKeyId, secretAccessKey, sessionToken, expiration }: AwsCredentialIdentity,
  variables: NodeJS.ProcessEnv,
): Promise<void> {
  const file = fileOf(parameters, variables);
  const Credentials = { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken, Expiration: expiration };
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, JSON.stringify({ Credentials }), { mode: 0o600 });
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** The AWS CLI's name for it: the digest of the parameters as Python writes JSON (botocore's `_create_cache_key`). */
function fileOf(parameters: SessionParameters, variables: NodeJS.ProcessEnv): string {
  const sorted = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
  const json = `{${sorted.map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(', ')}}`;
  const ascii = json.replace(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return expandPath(`~/.aws/cli/cache/${createHash('sha1').update(ascii).digest('hex')}.json`, variables);
}

function credentialsIn(text: string): Readonly<Record<string, string | undefined>> {
  try {
    return (JSON.parse(text) as { Credentials?: Record<string, string> }).Credentials ?? {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
