import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import type { AwsCredentialIdentity } from '@smithy/types';
import { RecodeError } from '../../../core/errors.ts';
import type { SsoRole } from '../decide.ts';
import { expandPath } from '../files.ts';
import type { Sources } from '../provide.ts';

/** What `aws sso login` leaves behind. */
interface Token {
  readonly accessToken: string;
  readonly expiresAt: string;
  readonly refreshToken?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly registrationExpiresAt?: string;
}

// A token that ends sooner is renewed, as by the AWS CLI.
const renewalMilliseconds = 15 * 60 * 1000;

/**
 * The credentials of a role that IAM Identity Center gives after a sign-in.
 *
 * @throws RecodeError CredentialsExpired where somebody has to sign in again, SsoRoleNotAssigned, CredentialsNotObtained
 */
export async function signedInRole(role: SsoRole, sources: Sources): Promise<AwsCredentialIdentity> {
  const token = await validToken(role, sources);
  const { GetRoleCredentialsCommand, SSOClient } = await import('@aws-sdk/client-sso');
  const sso = new SSOClient({ ...sources.configFor('sso', role.region), credentials: anonymous });
  const { accountId, roleName } = role;
  try {
    const { roleCredentials: given } = await sso.send(
      new GetRoleCredentialsCommand({ accountId, roleName, accessToken: token.accessToken }),
    );
    if (!given?.accessKeyId || !given.secretAccessKey) {
      throw new RecodeError(
        'CredentialsNotObtained',
        `IAM Identity Center has answered without credentials for ${roleName} in ${accountId}.`,
      );
    }
    return {
      accessKeyId: given.accessKeyId,
      secretAccessKey: given.secretAccessKey,
      ...(given.sessionToken && { sessionToken: given.sessionToken }),
      ...(given.expiration && { expiration: new Date(given.expiration) }),
      accountId,
    };
  } catch (error) {
    throw refusal(role, error);
  }
}

// Requests to IAM Identity Center carry the token instead of a signature.
const anonymous = { accessKeyId: '', secretAccessKey: '' };

function refusal(role: SsoRole, error: unknown): unknown {
  const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  if (name === 'UnauthorizedException' || status === 401) return signIn(role, `IAM Identity Center has ended the session: ${message}`);
  if (status !== 403) return error;
  const who = `The role ${role.roleName} in the account ${role.accountId} is not assigned to you in IAM Identity Center: ${message}`;
  return new RecodeError('SsoRoleNotAssigned', `${who.replace(/\.?$/, '.')}`, { cause: error });
}

function signIn({ profile }: SsoRole, problem: string): RecodeError {
  const option = profile === 'default' ? '' : ` --profile ${/^[\w@%+=:,./-]+$/.test(profile) ? profile : JSON.stringify(profile)}`;
  return new RecodeError('CredentialsExpired', `${problem.replace(/\.?$/, '.')} Sign in with "aws sso login${option}".`);
}

async function validToken(role: SsoRole, sources: Sources): Promise<Token> {
  const file = expandPath(
    `~/.aws/sso/cache/${createHash('sha1')
      .update(role.session ?? role.startUrl)
      .digest('hex')}.json`,
    sources.variables,
  );
  const token = await readToken(file);
  if (!token) throw signIn(role, `You are not signed in to ${role.session ?? role.startUrl}.`);
  const left = Date.parse(token.expiresAt) - Date.now();
  const renewed = role.session !== undefined && !(left >= renewalMilliseconds) ? await renew(token, role, file, sources) : undefined;
  if (renewed) return renewed;
  if (!(left > 0)) throw signIn(role, `The session of ${role.session ?? role.startUrl} expired at ${token.expiresAt}.`);
  return token;
}

async function readToken(file: string): Promise<Token | undefined> {
  try {
    const token = JSON.parse(await readFile(file, 'utf8')) as Partial<Token> | null;
    return typeof token?.accessToken === 'string' && typeof token.expiresAt === 'string' ? (token as Token) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new RecodeError('CredentialsNotObtained', `${file} cannot be read: ${(error as Error).message}.`, { cause: error });
  }
}

/** Renews the token of a session, and keeps it where the AWS CLI finds it. Undefined where IAM Identity Center does not renew it. */
async function renew(token: Token, role: SsoRole, file: string, sources: Sources): Promise<Token | undefined> {
  const { refreshToken, clientId, clientSecret, registrationExpiresAt } = token;
  if (!refreshToken || !clientId || !clientSecret || !registrationExpiresAt || !(Date.parse(registrationExpiresAt) > Date.now()))
    return undefined;
  const { CreateTokenCommand, SSOOIDCClient } = await import('@aws-sdk/client-sso-oidc');
  const oidc = new SSOOIDCClient({ ...sources.configFor('sso_oidc', role.region), credentials: anonymous });
  const grant = { grantType: 'refresh_token', clientId, clientSecret, refreshToken };
  const answer = await oidc.send(new CreateTokenCommand(grant)).catch((error: unknown) => {
    // A refusal; what is left of the old token may still do.
    if ((error as { $fault?: unknown }).$fault !== undefined) return undefined;
    throw error;
  });
  if (!answer?.accessToken || answer.expiresIn === undefined) return undefined;
  const renewed = {
    startUrl: role.startUrl,
    region: role.region,
    accessToken: answer.accessToken,
    expiresAt: new Date(Date.now() + answer.expiresIn * 1000).toISOString().replace(/\.\d+Z$/, 'Z'),
    clientId,
    clientSecret,
    registrationExpiresAt,
    ...(answer.refreshToken !== undefined && { refreshToken: answer.refreshToken }),
  };
  await writeFile(file, JSON.stringify(renewed), { mode: 0o600 });
  return renewed;
}
