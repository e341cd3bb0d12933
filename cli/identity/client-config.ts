import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@smithy/types';
import type { RequestHandler } from '../http/handler.ts';
import type { AccountIdEndpointMode, Service, Settings } from './settings.ts';

/** What a client of the SDK is made with. */
export interface ClientConfig {
  readonly region: string;
  readonly credentials?: AwsCredentialIdentity | AwsCredentialIdentityProvider;
  readonly endpoint?: string;
  readonly requestHandler: RequestHandler;
  readonly maxAttempts: number;
  readonly useFipsEndpoint: boolean;
  readonly useDualstackEndpoint: boolean;
  readonly useGlobalEndpoint: boolean;
  readonly accountIdEndpointMode: AccountIdEndpointMode;
  readonly ignoreConfiguredEndpointUrls: true;
  readonly retryMode: 'standard';
  readonly defaultsMode: 'legacy';
  readonly authSchemePreference: string[];
  readonly sigv4aSigningRegionSet: string[];
  readonly userAgentAppId: () => Promise<undefined>;
  readonly endpointDiscoveryEnabledProvider: () => Promise<boolean>;
  readonly disableClockSkewCorrection: boolean;
  readonly logger: typeof silent;
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

// Everything a client would otherwise look up in files, which it reads by other rules than the AWS CLI.
const decidedHere = {
  maxAttempts: 4,
  ignoreConfiguredEndpointUrls: true,
  retryMode: 'standard',
  defaultsMode: 'legacy',
  authSchemePreference: [],
  sigv4aSigningRegionSet: [],
  userAgentAppId: async () => undefined,
  endpointDiscoveryEnabledProvider: async () => false,
  disableClockSkewCorrection: false,
  logger: silent,
} as const;

/** The configuration of a service's client as the settings have it. Throws RecodeError ProfileNotValid, AwsSettingNotValid. */
export function clientConfig(service: Service, region: string, settings: Settings, requestHandler: RequestHandler): ClientConfig {
  const endpoint = settings.endpoint(service);
  return {
    ...decided(),
    region,
    requestHandler,
    ...(endpoint !== undefined && { endpoint }),
    useFipsEndpoint: settings.fips,
    useDualstackEndpoint: settings.dualstack,
    useGlobalEndpoint: settings.globalSts,
    accountIdEndpointMode: settings.accountIdEndpointMode,
  };
}

/** The configuration of a client of the one endpoint that answers for all services: nothing of the AWS CLI's holds for it. */
export function clientConfigAt(endpoint: string, region: string, requestHandler: RequestHandler): ClientConfig {
  return {
    ...decided(),
    region,
    requestHandler,
    endpoint,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    useGlobalEndpoint: false,
    accountIdEndpointMode: 'disabled',
  };
}

const decided = () => ({ ...decidedHere, authSchemePreference: [], sigv4aSigningRegionSet: [] });
