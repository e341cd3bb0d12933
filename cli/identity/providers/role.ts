import { readFile } from 'node:fs/promises';
import type { Credentials } from '@aws-sdk/client-sts';
import type { AwsCredentialIdentity } from '@smithy/types';
import { RecodeError } from '../../../core/errors.ts';
import type { AssumedRole, WebIdentity } from '../decide.ts';
import type { Provide, Sources } from '../provide.ts';

/** The credentials of a role, which STS gives to those of its source. */
export async function assumeRole(role: AssumedRole, source: Provide, sources: Sources): Promise<AwsCredentialIdentity> {
  const { roleArn, sessionName, externalId, durationSeconds, mfaSerial, profile } = role;
  const params = {
    RoleArn: roleArn,
    ...(sessionName !== undefined && { RoleSessionName: sessionName }),
    ...(externalId !== undefined && { ExternalId: externalId }),
    ...(mfaSerial !== undefined && { SerialNumber: mfaSerial }),
    ...(durationSeconds !== undefined && { DurationSeconds: durationSeconds }),
  };
  const assume = async (TokenCode?: string) => {
    const { AssumeRoleCommand, STSClient } = await import('../sts.ts');
    const sts = new STSClient({ ...sources.configFor('sts', sources.region), credentials: source });
    const answer = await sts.send(
      new AssumeRoleCommand({ RoleSessionName: machineMadeName(), ...params, ...(TokenCode !== undefined && { TokenCode }) }),
    );
    return identityOf(roleArn, answer);
  };
  if (mfaSerial === undefined) return assume();

  // A code counts once, so a session that it opened is kept for the next command, where the AWS CLI keeps its own.
  const { findSession, keepSession } = await import('./kept-session.ts');
  const kept = await findSession(params, sources.variables);
  if (kept) return kept;
  const { askMfaCode } = await import('./mfa.ts');
  const identity = await assume(await askMfaCode(profile, mfaSerial));
  await keepSession(params, identity, sources.variables);
  return identity;
}

/** The credentials of a role, which STS gives in exchange for the token in a file. */
export async function assumeRoleWithToken(identity: WebIdentity, sources: Sources): Promise<AwsCredentialIdentity> {
  const { tokenFile, roleArn, sessionName } = identity;
  const WebIdentityToken = await readToken(tokenFile);
  const { AssumeRoleWithWebIdentityCommand, STSClient } = await import('../sts.ts');
  const sts = new STSClient(sources.configFor('sts', sources.region));
  const RoleSessionName = sessionName ?? machineMadeName();
  return identityOf(roleArn, await sts.send(new AssumeRoleWithWebIdentityCommand({ RoleArn: roleArn, RoleSessionName, WebIdentityToken })));
}

// What the AWS CLI makes up too; core/owner.ts knows that it is nobody's name.
const machineMadeName = () => `botocore-session-${Math.floor(Date.now() / 1000)}`;

async function readToken(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : String(code);
    throw new RecodeError('CredentialsNotObtained', `The web identity token ${file} cannot be read: ${reason}.`, { cause: error });
  }
}

interface Answer {
  readonly Credentials?: Credentials | undefined;
  readonly AssumedRoleUser?: { readonly Arn: string | undefined } | undefined;
}

function identityOf(roleArn: string, { Credentials: given, AssumedRoleUser: user }: Answer): AwsCredentialIdentity {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = given ?? {};
  if (!AccessKeyId || !SecretAccessKey) {
    throw new RecodeError('CredentialsNotObtained', `AWS has answered without credentials for the role ${roleArn}.`);
  }
  const accountId = user?.Arn?.split(':')[4];
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    ...(SessionToken && { sessionToken: SessionToken }),
    ...(Expiration && { expiration: Expiration }),
    ...(accountId && { accountId }),
  };
}
