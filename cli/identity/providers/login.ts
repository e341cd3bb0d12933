import { externalDataInterceptor } from '@smithy/core/config';
import type { AwsCredentialIdentity } from '@smithy/types';
import { RecodeError } from '../../../core/errors.ts';
import type { Provider } from '../decide.ts';
import type { Sources } from '../provide.ts';

/**
 * The credentials of a session that `aws login` has opened, renewed where they are about to expire.
 *
 * @throws RecodeError CredentialsExpired
 */
export async function signedIn(
  { profile, session }: Extract<Provider, { kind: 'login' }>,
  sources: Sources,
): Promise<AwsCredentialIdentity> {
  const { fromLoginCredentials } = await import('@aws-sdk/credential-provider-login');
  // The SDK finds the session's name in a file alone, which it would read by other rules: it gets a file of one line.
  const file = `recode:login:${session}`;
  externalDataInterceptor.interceptFile(file, `[default]\nlogin_session = ${session}\n`);
  try {
    const clientConfig = sources.configFor('signin', sources.region);
    return await fromLoginCredentials({ profile: 'default', filepath: file, configFilepath: file, clientConfig })();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'CredentialsProviderError') throw error;
    const option = profile === 'default' ? '' : ` --profile ${profile}`;
    // The SDK says of a session that is not there which file Node.js could not open.
    const problem = /ENOENT/.test(error.message)
      ? `Nobody has signed in to the login_session of the profile "${profile}" on this machine.`
      : error.message.replace(/\.?$/, '.');
    throw new RecodeError('CredentialsExpired', `${problem} Sign in with "aws login${option}".`, { cause: error });
  }
}
