import { RecodeError } from '../core/errors.ts';

/**
 * What an error means that the SDK raised while it looked for credentials, before any service answered. Undefined for any other error.
 * The SDK has no codes for these, only the error's name and a sentence.
 */
export function credentialsFailure(error: unknown): RecodeError | undefined {
  if (!(error instanceof Error) || !/^(Credentials|Token)?ProviderError$/.test(error.name)) return undefined;
  const { message } = error;
  if (/expired|sso login|re-authenticate/i.test(message)) return new RecodeError('CredentialsExpired', message, { cause: error });
  const nowhere = /^Could not load credentials from any providers/.test(message);
  const where = 'There are none in the environment, in the files of the AWS CLI, or from this machine itself.';
  return new RecodeError('NoCredentials', nowhere ? where : message, { cause: error });
}
