import type { AwsCredentialIdentity } from '@smithy/types';
import { RecodeError } from '../../../core/errors.ts';
import { askInstance } from '../instance-metadata.ts';
import type { Sources } from '../provide.ts';

const path = 'latest/meta-data/iam/security-credentials/';

/** The credentials of the role that this machine has as an EC2 instance. Throws RecodeError NoCredentials if it has no role. */
export async function instanceRole({ settings, variables }: Sources): Promise<AwsCredentialIdentity> {
  const role = await askInstance(path, settings.metadata, variables);
  const answer = role === undefined ? undefined : await askInstance(`${path}${role.trim()}`, settings.metadata, variables);
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = parse(answer);
  if (AccessKeyId && SecretAccessKey && Token && Expiration) {
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token, expiration: lasting(new Date(Expiration)) };
  }
  throw new RecodeError('NoCredentials', 'There are none in the environment, in the files of the AWS CLI, or from this machine itself.');
}

/** When the metadata service has no fresher ones, EC2 still accepts those that are over. */
function lasting(expiration: Date): Date {
  const soon = new Date(Date.now() + 20 * 60 * 1000);
  return expiration > soon ? expiration : soon;
}

function parse(text = '{}'): Readonly<Record<string, string | undefined>> {
  try {
    return JSON.parse(text) as Record<string, string>;
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
