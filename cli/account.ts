import type { STSClientConfig } from '@aws-sdk/client-sts';
import { RecodeError } from '../core/errors.ts';
import { ownerOf } from '../core/owner.ts';

/** Which account a command works in, and as whom. */
export interface Account {
  /** What was asked for. */
  readonly options: AccountOptions;
  readonly partition: string;
  readonly accountId: string;
  readonly region: string;
  /** Whose environments they are. */
  readonly owner: string;
  /** The state directory of the embedded AWS, where it is that. */
  readonly stateDirectory?: string;
  /** What every client of this account is made with. */
  readonly client: ClientConfig;
}

type ClientConfig = Pick<STSClientConfig, 'credentials' | 'endpoint' | 'maxAttempts' | 'requestHandler'> & { readonly region: string };

/** Which account a person asked for. */
export interface AccountOptions {
  readonly profile?: string;
  readonly region?: string;
  /** The embedded AWS on this machine, started if it does not run. */
  readonly local: boolean;
}

// The SDK warns whoever names a profile and has a key in the environment too, though that is in no doubt here.
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const patience = { maxAttempts: 4, requestHandler: { connectionTimeout: 5_000, requestTimeout: 15_000, throwOnRequestTimeout: true } };

/**
 * Finds the account by the AWS CLI's own rules: a profile that is named beats the credentials in the environment variables, which beat
 * AWS_PROFILE and the default profile. The service that AWS_ENDPOINT_URL names is asked by the SDK itself.
 *
 * @throws RecodeError NoRegion, ProfileNotFound, CallerWithoutLastingName, and what the embedded AWS says where it does not start
 */
export async function openAccount(options: AccountOptions): Promise<Account> {
  return options.local ? openLocalAccount(options) : openAwsAccount(options);
}

async function openLocalAccount(options: AccountOptions): Promise<Account> {
  const { startEmbeddedAws, localCredentials } = await import('./embedded-aws.ts');
  const running = await startEmbeddedAws(options.region);
  const credentials = localCredentials();
  return {
    options,
    partition: 'aws',
    accountId: running.accountId,
    region: running.region,
    // Whoever works as root on their own machine is not AWS's root user.
    owner: ownerOf('', process.env.RECODE_OWNER || credentials.accessKeyId),
    stateDirectory: running.stateDirectory,
    client: { ...patience, endpoint: running.endpoint, region: running.region, credentials },
  };
}

async function openAwsAccount(options: AccountOptions): Promise<Account> {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const profile = options.profile ?? process.env.AWS_PROFILE;
  const settings = await readProfile(profile);
  const region = options.region || process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION || settings.region;
  if (!region) throw new RecodeError('NoRegion', 'Neither --region, AWS_REGION, AWS_DEFAULT_REGION nor the profile names one.');

  const credentials = options.profile === undefined ? environmentCredentials() : undefined;
  const sts = new STSClient({ ...patience, region, logger: silent, ...(profile && { profile }), ...(credentials && { credentials }) });
  const { Account: accountId = '', Arn: callerArn = '' } = await sts.send(new GetCallerIdentityCommand({}));
  return {
    options,
    partition: callerArn.split(':')[1] ?? '',
    accountId,
    region,
    owner: ownerOf(callerArn, process.env.RECODE_OWNER || undefined),
    // Found once: to ask IAM Identity Center or a credential process again costs seconds.
    client: { ...patience, region, credentials: sts.config.credentials },
  };
}

/** The SDK would leave these aside where AWS_PROFILE is set too; the AWS CLI does not. */
function environmentCredentials() {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) return undefined;
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
  };
}

async function readProfile(name: string | undefined): Promise<{ region?: string | undefined }> {
  const { loadSharedConfigFiles } = await import('@smithy/core/config');
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  const profile = name ?? 'default';
  const settings = configFile[profile];
  if (name !== undefined && !settings && !credentialsFile[name]) {
    throw new RecodeError('ProfileNotFound', `There is no profile "${name}" in the files of the AWS CLI.`);
  }
  return { region: settings?.region ?? credentialsFile[profile]?.region };
}
