import { RecodeError } from '../core/errors.ts';
import { ownerOf, refuseOtherOwner } from '../core/owner.ts';
import type { Proof } from '../core/proof.ts';
import type { FollowView } from './execution/follow-view.ts';
import { openLocalHandler } from './http/handler.ts';
import { type ClientConfig, clientConfigAt } from './identity/client-config.ts';
import type { ChosenProfile, Provider } from './identity/decide.ts';
import type { Identity } from './identity/identify.ts';
import type { Service } from './identity/settings.ts';

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
  /** The ARN that STS knows the caller by. */
  readonly callerArn: () => Promise<string>;
  /** The profile of the AWS CLI that it was read from; none for the embedded AWS. */
  readonly profile?: ChosenProfile;
  /** Where the credentials come from; the embedded AWS needs none. */
  readonly provider?: Provider;
  /** Proves to the control plane who starts an execution with this input. Throws what the source of the credentials throws. */
  readonly prove: (executionArn: string, input: unknown) => Promise<Proof>;
  /** What the client of a service is made with. */
  readonly clientConfig: (service: Service) => ClientConfig;
}

/** Which account a person asked for. */
export interface AccountOptions {
  readonly profile?: string;
  readonly region?: string;
  /** The embedded AWS on this machine, started if it does not run. */
  readonly local: boolean;
}

/**
 * Finds the account by the AWS CLI's own rules (cli/identity), or opens the embedded one, for which none of them holds.
 *
 * @throws RecodeError CallerWithoutLastingName, ConfigDamaged, ConfigNotReadable, SettingNotValid, what identify() and the source of the credentials throw, and what the embedded
 *   AWS says where it does not start
 */
export async function openAccount(options: AccountOptions): Promise<Account> {
  return options.local ? openLocalAccount(options) : openAwsAccount(options);
}

/** Opens an account, and shows it if the embedded AWS has to start first. Throws as `openAccount` does. */
export async function openAccountWithProgress(options: AccountOptions, view: FollowView): Promise<Account> {
  if (!options.local) return openAwsAccount(options);
  return openLocalAccount(options, (start) => view.during('Starting the embedded AWS', start));
}

async function openLocalAccount(options: AccountOptions, during?: (start: () => Promise<void>) => Promise<void>): Promise<Account> {
  const { startEmbeddedAws, localCredentials } = await import('./embedded-aws.ts');
  const running = await startEmbeddedAws(options.region, during);
  const credentials = localCredentials(process.env.RECODE_OWNER);
  const requestHandler = openLocalHandler();
  const clientConfig = () => ({ ...clientConfigAt(running.endpoint, running.region, requestHandler), credentials });
  return {
    options,
    partition: 'aws',
    accountId: running.accountId,
    region: running.region,
    // Whoever has the name that it is told.
    owner: ownerOf(`arn:aws:iam::${running.accountId}:user/${credentials.accessKeyId}`),
    stateDirectory: running.stateDirectory,
    callerArn: async () => (await askCaller(clientConfig)).callerArn,
    prove: proverOf(clientConfig, 0),
    clientConfig,
  };
}

async function openAwsAccount(options: AccountOptions): Promise<Account> {
  return accountOf(await identifyFor(options), options);
}

/**
 * Whom a command acts as, and where, by the variables, settings and files of this machine.
 *
 * @throws RecodeError ConfigDamaged, ConfigNotReadable, SettingNotValid, and what identify() throws
 */
export async function identifyFor(options: AccountOptions): Promise<Identity> {
  const [{ identify }, { readUserSettings }] = await Promise.all([import('./identity/identify.ts'), import('./settings/user-settings.ts')]);
  return identify(options, process.env, readUserSettings(process.env));
}

/**
 * The account of an identity, as AWS says.
 *
 * @throws RecodeError CallerWithoutLastingName, SettingNotValid, and what the source of the credentials throws
 */
export async function accountOf({ region, profile, provider, clientConfig }: Identity, options: AccountOptions): Promise<Account> {
  const { accountId, callerArn, clockOffset } = await askCaller(clientConfig);
  const owner = ownerOf(callerArn);
  refuseOtherOwner(process.env.RECODE_OWNER || undefined, owner, callerArn);
  return {
    options,
    partition: callerArn.split(':')[1] ?? '',
    accountId,
    region,
    owner,
    callerArn: async () => callerArn,
    prove: proverOf(clientConfig, clockOffset),
    ...(profile && { profile }),
    provider,
    clientConfig,
  };
}

async function askCaller(clientConfig: Account['clientConfig']): Promise<{ accountId: string; callerArn: string; clockOffset: number }> {
  const { GetCallerIdentityCommand, STSClient } = await import('./identity/sts.ts');
  const client = new STSClient(clientConfig('sts'));
  const { Account: accountId = '', Arn: callerArn = '' } = await client.send(new GetCallerIdentityCommand({}));
  // The SDK has learnt it from the answer.
  return { accountId, callerArn, clockOffset: client.config.systemClockOffset };
}

/** An endpoint of STS alone is for this machine. The control plane asks STS where it always does, unless one endpoint answers for all of AWS. */
function proverOf(clientConfig: Account['clientConfig'], clockOffset: number): Account['prove'] {
  return async (executionArn, input) => {
    const { prove } = await import('./identity/prove.ts');
    const { credentials, endpoint, useFipsEndpoint: fips } = clientConfig('sts');
    const forAll = clientConfig('sfn').endpoint === endpoint ? endpoint : undefined;
    if (!credentials) throw new RecodeError('NoCredentials', 'There are no credentials to sign with.');
    return prove(executionArn, input, { credentials, clockOffset, fips, endpoint: forAll });
  };
}
