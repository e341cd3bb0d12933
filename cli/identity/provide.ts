import type { AwsCredentialIdentity } from '@smithy/types';
import { RecodeError } from '../../core/errors.ts';
import type { RequestHandler } from '../http/handler.ts';
import type { ClientConfig } from './client-config.ts';
import type { Provider, StaticKeys } from './decide.ts';
import type { Service, Settings } from './settings.ts';

/** What a source of credentials works with. */
export interface Sources {
  readonly settings: Settings;
  readonly variables: NodeJS.ProcessEnv;
  /** How a client of a service in a region is made, but for its credentials. */
  readonly configFor: (service: Service, region: string) => ClientConfig;
  readonly requestHandler: RequestHandler;
  /** The region that the command works in. */
  readonly region: string;
}

/** Asks for credentials; the SDK asks again when they are about to expire. */
export type Provide = () => Promise<AwsCredentialIdentity>;

/**
 * What fetches credentials from the one place that was decided on. Each kind of place is loaded when it is needed.
 * The function throws RecodeError CredentialsNotObtained, CredentialsExpired, SsoRoleNotAssigned, MfaCodeNotAsked, NoCredentials, and
 * what a service answers.
 */
export function provideFrom(provider: Provider, sources: Sources): Provide {
  switch (provider.kind) {
    case 'static':
      return async () => staticKeys(provider);
    case 'role': {
      const source = provideFrom(provider.source, sources);
      return async () => (await import('./providers/role.ts')).assumeRole(provider, source, sources);
    }
    case 'web-identity':
      return async () => (await import('./providers/role.ts')).assumeRoleWithToken(provider, sources);
    case 'sso':
      return async () => (await import('./providers/sso.ts')).signedInRole(provider, sources);
    case 'login':
      return async () => (await import('./providers/login.ts')).signedIn(provider, sources);
    case 'process':
      return async () => (await import('./providers/process.ts')).runProcess(provider, process.platform);
    case 'container':
      return async () => (await import('./providers/container.ts')).containerRole(sources);
    case 'instance':
      return async () => (await import('./providers/instance.ts')).instanceRole(sources);
  }
}

function staticKeys({ accessKeyId, secretAccessKey, sessionToken, accountId, expiration: written }: StaticKeys): AwsCredentialIdentity {
  const expiration = written === undefined ? undefined : new Date(written);
  if (expiration && !(expiration.getTime() > Date.now())) {
    const problem = Number.isNaN(expiration.getTime()) ? 'which is no time' : 'which is over';
    throw new RecodeError('CredentialsExpired', `AWS_CREDENTIAL_EXPIRATION is ${written}, ${problem}.`);
  }
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken && { sessionToken }),
    ...(accountId && { accountId }),
    ...(expiration && { expiration }),
  };
}
