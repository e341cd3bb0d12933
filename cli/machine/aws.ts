import { readEnvironments } from '../../aws/records/read/environment.ts';
import { ifInstalled } from '../../aws/records/read/table.ts';
import type { Environment } from '../../core/environment.ts';
import { policies } from '../../core/names.ts';
import { type Account, type AccountOptions, identifyFor } from '../account.ts';
import { type Clients, clientsOf } from '../clients.ts';
import { orNotAllowed } from '../execution/allowed.ts';
import { requireSameVersion } from '../execution/control-plane.ts';
import { credentialsSource } from '../identity/credentials-source.ts';
import type { Provider } from '../identity/decide.ts';
import type { Check } from './check.ts';
import { connectionsCheck, type SeenConnections, seeConnections } from './checks/connections.ts';
import { credentialsCheck, type SeenCredentials } from './checks/credentials.ts';
import { clockCheck, endpointsCheck, type SeenEndpoint, seeEndpoints } from './checks/endpoints.ts';
import { isProxied } from './checks/proxy.ts';
import { regionCheck, type SeenRegion } from './checks/region.ts';
import { type SeenStack, stackCheck } from './checks/stack.ts';
import type { Explain } from './explain.ts';
import type { Opened, SeenIdentity } from './identity.ts';
import { personalHosts, personalOfAccount, personalOfEnvironment } from './personal.ts';
import type { Personal } from './redact.ts';
import { inTime, tookTooLong } from './within.ts';

/** An account with a stack of this version. */
export interface Ready {
  readonly account: Account;
  readonly clients: Clients;
}

/** What was found of the way to AWS and to environments. */
export interface ExaminedAws {
  readonly checks: readonly Check[];
  readonly ready: Ready | undefined;
  readonly personal: readonly Personal[];
}

/** Checks the way to AWS, whom commands act as there, the stack, and the connections to environments. */
export async function checkAws(
  options: AccountOptions,
  { identity, opening }: { readonly identity: SeenIdentity; readonly opening: Promise<Opened> },
  explain: Explain,
): Promise<ExaminedAws> {
  const [endpoints, opened] = await Promise.all([endpointsOf(options, opening, explain), inTime(opening)]);
  const account = opened === 'late' ? undefined : opened.account;
  const region = regionOf(identity, opened);
  const because = whyNotOpened(opened, endpoints);
  const [credentials, { stack, ready }, running] = await Promise.all([
    because === undefined ? seeCredentials(opened, identity.provider, options) : { ...sourceOf(identity.provider, options), because },
    seeStack(account, explain),
    seeRunning(account, options, explain),
  ]);
  const unopened = account ? {} : { because: because ?? 'The account could not be opened.' };
  const { profile } = identity;
  return {
    checks: [
      regionCheck(region),
      endpointsCheck(endpoints.seen, endpoints.because),
      clockCheck(endpoints.seen),
      credentialsCheck(credentials, Date.now()),
      stackCheck({ ...stack, ...unopened }),
      ...connectionsCheck({ ...running.seen, ...unopened }),
    ],
    ready,
    personal: [
      ...(account ? personalOfAccount(account) : []),
      ...(profile === undefined || profile === 'default' ? [] : [{ kind: 'profile', value: profile } as const]),
      ...(credentials.accessKeyId === undefined ? [] : [{ kind: 'access-key', value: credentials.accessKeyId } as const]),
      ...personalHosts(endpoints.seen.map(({ host }) => host)),
      ...running.environments.flatMap(personalOfEnvironment),
    ],
  };
}

/** The region as this machine names it, or as it turned out. */
function regionOf({ region }: SeenIdentity, opened: Opened | 'late'): SeenRegion {
  if (region) return region;
  if (opened === 'late') return { because: tookTooLong };
  const { account, failure } = opened;
  if (account) return { region: account.region, source: account.options.local ? 'the embedded AWS' : 'this instance' };
  return failure.name === 'NoRegion' ? { failure } : { because: `${failure.title}.` };
}

interface SeenEndpoints {
  readonly seen: readonly SeenEndpoint[];
  /** Why none was asked. */
  readonly because?: string;
}

async function endpointsOf(options: AccountOptions, opening: Promise<Opened>, explain: Explain): Promise<SeenEndpoints> {
  try {
    if (options.local) {
      const { account, failure } = await opening;
      return account ? { seen: await seeEndpoints(account.clientConfig) } : { seen: [], because: `${failure.title}.` };
    }
    const identity = await inTime(identifyFor(options));
    return identity === 'late' ? { seen: [], because: tookTooLong } : { seen: await seeEndpoints(identity.clientConfig) };
  } catch (error) {
    return { seen: [], because: `${explain(error).title}.` };
  }
}

/** Why there is no account, if it took too long, or the check of the endpoints tells it. */
function whyNotOpened(opened: Opened | 'late', { seen }: SeenEndpoints): string | undefined {
  if (opened === 'late') return tookTooLong;
  return opened.failure && seen.some(({ trouble }) => trouble !== undefined) ? 'AWS cannot be reached.' : undefined;
}

function sourceOf(provider: Provider | undefined, { local }: AccountOptions): Pick<SeenCredentials, 'source' | 'accessKeyId'> {
  const accessKeyId = provider?.kind === 'static' ? provider.accessKeyId : undefined;
  return { source: local ? 'the embedded AWS' : provider && credentialsSource(provider).words, accessKeyId };
}

async function seeCredentials(opened: Opened | 'late', provider: Provider | undefined, options: AccountOptions): Promise<SeenCredentials> {
  const seen = sourceOf(provider, options);
  if (opened === 'late') return { ...seen, because: tookTooLong };
  const { account, failure } = opened;
  if (!account) return { ...seen, failure };
  const { accountId, owner } = account;
  const { credentials } = account.clientConfig('sts');
  const { accessKeyId, expiration } = typeof credentials === 'function' ? await credentials() : (credentials ?? {});
  if (options.local) return { ...seen, accountId, owner };
  // Those that come from elsewhere are renewed.
  const expiresAt = provider?.kind === 'static' ? expiration?.getTime() : undefined;
  return { ...seen, accessKeyId, expiresAt, accountId, owner };
}

async function seeStack(account: Account | undefined, explain: Explain): Promise<{ stack: SeenStack; ready?: Ready }> {
  if (!account) return { stack: {} };
  const clients = clientsOf(account);
  try {
    const version = await inTime(requireSameVersion(clients, account, 'reconcile'));
    return version === 'late' ? { stack: { because: tookTooLong } } : { stack: { version }, ready: { account, clients } };
  } catch (error) {
    return { stack: { failure: explain(error) } };
  }
}

async function seeRunning(
  account: Account | undefined,
  options: AccountOptions,
  explain: Explain,
): Promise<{ seen: SeenConnections; environments: readonly Environment[] }> {
  const nothing = { connections: [], ownAddress: undefined, proxied: isProxied(process.env), account: options } as const;
  if (!account) return { seen: nothing, environments: [] };
  try {
    const { dynamodb } = clientsOf(account);
    const read = await inTime(ifInstalled(orNotAllowed(account, policies.user, readEnvironments(dynamodb, account.owner))));
    if (read === 'late') return { seen: { ...nothing, because: tookTooLong }, environments: [] };
    const environments = read?.items ?? [];
    return { seen: { ...nothing, ...(await seeConnections(environments, options)) }, environments };
  } catch (error) {
    return { seen: { ...nothing, because: `${explain(error).title}.` }, environments: [] };
  }
}
