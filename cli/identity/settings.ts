import { RecodeError } from '../../core/errors.ts';
import { endpointMeant, isEndpoint } from '../endpoint.ts';
import { isRegion, regionMeant } from '../region.ts';
import type { UserSettings } from '../settings/user-settings.ts';
import { type SharedFiles, textOf } from './files.ts';
import type { Section } from './ini.ts';

/** A service that the CLI or one of its sources of credentials asks, by the name that configuration files give it. */
export type Service = 'sts' | 'sfn' | 'dynamodb' | 'ec2' | 'sso' | 'sso_oidc' | 'signin';

/** Where requests go, by one profile and the environment. */
export interface Settings {
  /** None is configured where it is missing; on EC2, the instance knows. */
  readonly region?: string;
  /** The URL that is configured for a service. Throws RecodeError ProfileNotValid, AwsSettingNotValid. */
  readonly endpoint: (service: Service) => string | undefined;
  readonly fips: boolean;
  readonly dualstack: boolean;
  readonly accountIdEndpointMode: AccountIdEndpointMode;
  readonly globalSts: boolean;
  /** A file of certificates that are trusted instead of the usual ones, as it is written. */
  readonly caBundle?: string;
  readonly metadata: MetadataSettings;
}

const accountIdEndpointModes = ['preferred', 'required', 'disabled'] as const;
export type AccountIdEndpointMode = (typeof accountIdEndpointModes)[number];

/** How the instance's metadata service is asked. */
export interface MetadataSettings {
  readonly disabled: boolean;
  readonly url: string;
  readonly tokenRequired: boolean;
  readonly timeoutSeconds: number;
  readonly attempts: number;
}

/**
 * What the environment says, else the profile, in the names of the AWS CLI (botocore's configprovider.py and args.py). A profile that
 * was not chosen says nothing.
 *
 * @param region what --region says
 * @param own the person's settings, of which the region stands above the profile's
 * @throws RecodeError AwsSettingNotValid, SettingNotValid
 */
export function readSettings(
  profileName: string,
  region: string | undefined,
  variables: NodeJS.ProcessEnv,
  files: SharedFiles,
  own: UserSettings,
): Settings {
  const profile = files.profiles.get(profileName);
  const setting = (key: string, variable = `AWS_${key.toUpperCase()}`) => variables[variable] ?? textOf(profile, key);
  const isTrue = (key: string, variable?: string) => setting(key, variable)?.toLowerCase() === 'true';
  const fips = isTrue('use_fips_endpoint');
  const found = region || configuredRegion(profileName, files, variables, own);
  const caBundle = setting('ca_bundle') ?? variables.REQUESTS_CA_BUNDLE;
  return {
    ...(found && { region: found }),
    endpoint(service) {
      if (isTrue('ignore_configured_endpoint_urls')) return undefined;
      const configured = configuredEndpoint(service, profileName, profile, variables, files);
      if (configured && /^https?:\/\/[^/?#]*@/i.test(configured.url)) {
        throw new RecodeError('AwsSettingNotValid', `${configured.from} contains a user name or password. Remove it.`);
      }
      if (configured && !isEndpoint(configured.url)) {
        const shown = configured.url.replace(/\/\/[^/]*@/, '//');
        throw notValid(configured.from, shown, 'an http or https URL', endpointMeant(shown));
      }
      if (configured && fips) {
        throw new RecodeError(
          'AwsSettingNotValid',
          `A FIPS endpoint is required, but ${configured.from} names another endpoint. Remove one of them.`,
        );
      }
      return configured?.url;
    },
    fips,
    dualstack: isTrue('use_dualstack_endpoint'),
    accountIdEndpointMode: readMode(setting('account_id_endpoint_mode') ?? 'preferred'),
    globalSts: setting('sts_regional_endpoints') === 'legacy',
    ...(caBundle !== undefined && { caBundle }),
    metadata: {
      disabled: variables.AWS_EC2_METADATA_DISABLED?.toLowerCase() === 'true',
      url: metadataUrl(setting('ec2_metadata_service_endpoint'), setting('ec2_metadata_service_endpoint_mode'), isTrue('imds_use_ipv6')),
      tokenRequired: isTrue('ec2_metadata_v1_disabled'),
      timeoutSeconds: readNumber('metadata_service_timeout', setting('metadata_service_timeout')),
      attempts: readNumber('metadata_service_num_attempts', setting('metadata_service_num_attempts')),
    },
  };
}

/**
 * The region that variables, the person's settings or the profile name.
 *
 * @throws RecodeError AwsSettingNotValid, SettingNotValid
 */
export function configuredRegion(
  profileName: string,
  files: SharedFiles,
  variables: NodeJS.ProcessEnv,
  own: UserSettings,
): string | undefined {
  const profile = files.profiles.get(profileName);
  return (
    checkedRegion('AWS_REGION', variables.AWS_REGION) ??
    checkedRegion('AWS_DEFAULT_REGION', variables.AWS_DEFAULT_REGION) ??
    own.get('region') ??
    checkedRegion(`The region of the profile "${profileName}"`, textOf(profile, 'region'))
  );
}

function checkedRegion(from: string, region: string | undefined): string | undefined {
  if (!region) return undefined;
  if (isRegion(region)) return region;
  throw notValid(from, region, 'the name of a region', regionMeant(region));
}

/** As JSON, because a space at the end of a value would not be seen. */
function notValid(from: string, text: string, expected: string, meant: string | undefined): RecodeError {
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
  return new RecodeError('AwsSettingNotValid', `${from} is ${JSON.stringify(text)}, which is not ${expected}.${hint}`);
}

interface Configured {
  readonly url: string;
  readonly from: string;
}

function configuredEndpoint(
  service: Service,
  profileName: string,
  profile: Section | undefined,
  variables: NodeJS.ProcessEnv,
  files: SharedFiles,
): Configured | undefined {
  for (const variable of [`AWS_ENDPOINT_URL_${service.toUpperCase()}`, 'AWS_ENDPOINT_URL']) {
    const url = variables[variable];
    if (url) return { url, from: variable };
  }
  const sectionName = textOf(profile, 'services');
  if (sectionName !== undefined) {
    const section = files.services.get(sectionName);
    if (!section?.size) {
      const message = `The profile "${profileName}" has services = ${sectionName}, but there is no [services ${sectionName}].`;
      throw new RecodeError('ProfileNotValid', message);
    }
    const block = section.get(service);
    const url = typeof block === 'object' ? block.get('endpoint_url') : undefined;
    if (url) return { url, from: `endpoint_url of ${service} in [services ${sectionName}]` };
  }
  const url = textOf(profile, 'endpoint_url');
  return url ? { url, from: `endpoint_url of the profile "${profileName}"` } : undefined;
}

function readMode(text: string): AccountIdEndpointMode {
  const mode = accountIdEndpointModes.find((known) => known === text.toLowerCase());
  if (mode) return mode;
  throw new RecodeError('AwsSettingNotValid', `account_id_endpoint_mode is "${text}". Use preferred, required or disabled.`);
}

function metadataUrl(endpoint: string | undefined, mode: string | undefined, ipv6: boolean): string {
  if (mode !== undefined && !/^ipv[46]$/i.test(mode)) {
    throw new RecodeError('AwsSettingNotValid', `ec2_metadata_service_endpoint_mode is "${mode}". Use ipv4 or ipv6.`);
  }
  const url = endpoint || ((mode ? /6$/.test(mode) : ipv6) ? 'http://[fd00:ec2::254]/' : 'http://169.254.169.254/');
  if (!URL.canParse(url)) throw new RecodeError('AwsSettingNotValid', `ec2_metadata_service_endpoint is "${url}", which is not a URL.`);
  return url.replace(/\/*$/, '/');
}

/** Both numbers of the metadata service are 1 unless something else is said. */
function readNumber(name: string, text = '1'): number {
  if (/^\s*\+?\d{1,6}\s*$/.test(text)) return Number(text);
  throw new RecodeError('AwsSettingNotValid', `${name} is "${text}", which is not a whole number.`);
}
