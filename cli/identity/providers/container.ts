import type { AwsCredentialIdentity } from '@smithy/types';
import { RecodeError } from '../../../core/errors.ts';
import type { Sources } from '../provide.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** The credentials of the container's role. Throws RecodeError CredentialsNotObtained. */
export async function containerRole({ variables }: Sources): Promise<AwsCredentialIdentity> {
  const { fromHttp } = await import('@aws-sdk/credential-provider-http');
  const {
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: full = '',
    AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile,
  } = variables;
  const where = {
    ...(relative ? { awsContainerCredentialsRelativeUri: relative } : { awsContainerCredentialsFullUri: full }),
    ...(tokenFile !== undefined
      ? { awsContainerAuthorizationTokenFile: tokenFile }
      : token !== undefined && { awsContainerAuthorizationToken: token }),
  };
  try {
    return await fromHttp({ ...where, timeout: 2_000, maxRetries: 2, logger: silent })();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const reason = error.message.replace(/\.?$/, '.');
    throw new RecodeError('CredentialsNotObtained', `The container did not give its credentials: ${reason}`, { cause: error });
  }
}
