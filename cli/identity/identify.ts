import type { AwsCredentialIdentityProvider } from '@smithy/types';
import { RecodeError } from '../../core/errors.ts';
import { openHandler } from '../http/handler.ts';
import { readCaBundle } from '../http/trust.ts';
import { noUserSettings } from '../settings/user-settings.ts';
import { type ClientConfig, clientConfig } from './client-config.ts';
import { type ChosenProfile, chooseProfile, decideProvider, type Provider } from './decide.ts';
import { readSharedFiles } from './files.ts';
import { type Provide, provideFrom } from './provide.ts';
import { readSettings, type Service } from './settings.ts';

/** Whom a command acts as, and where. */
export interface Identity {
  readonly region: string;
  /** The profile that settings and credentials are read from, if the files have it. */
  readonly profile?: ChosenProfile;
  /** Where the credentials come from. */
  readonly provider: Provider;
  /** What the client of a service is made with, its credentials included. Throws RecodeError ProfileNotValid, AwsSettingNotValid. */
  readonly clientConfig: (service: Service) => ClientConfig & { readonly credentials: AwsCredentialIdentityProvider };
}

/**
 * Finds out by the AWS CLI's rules which identity, region and endpoints a command has. An identity that somebody names is never replaced
 * by another: if its credentials fail, the clients' first request fails.
 *
 * @param own the person's settings
 * @throws RecodeError NoRegion, ProfileNotFound, ProfileNotValid, AccessKeyIncomplete, AwsConfigNotReadable, AwsSettingNotValid,
 *   SettingNotValid, CaBundleNotReadable
 */
export async function identify(
  { profile: option, region: regionOption }: { readonly profile?: string; readonly region?: string },
  variables: NodeJS.ProcessEnv,
  own = noUserSettings,
): Promise<Identity> {
  const files = await readSharedFiles(variables);
  const profile = chooseProfile(option, variables, files, own);
  const settings = readSettings(profile.name, regionOption, variables, files, own);
  const provider = decideProvider(profile, variables, files);
  const region = settings.region ?? (await instanceRegionOf(settings.metadata, variables));
  if (!region)
    throw new RecodeError('NoRegion', 'Neither --region, AWS_REGION, AWS_DEFAULT_REGION, the setting region nor the profile names one.');

  const requestHandler = openHandler(variables, await readCaBundle(settings.caBundle));
  const configFor = (service: Service, inRegion: string) => clientConfig(service, inRegion, settings, requestHandler);
  const credentials = asked(provideFrom(provider, { settings, variables, configFor, requestHandler, region }));
  return {
    region,
    ...(files.profiles.has(profile.name) && { profile }),
    provider,
    clientConfig: (service) => ({ ...configFor(service, region), credentials }),
  };
}

async function instanceRegionOf(...[settings, variables]: Parameters<typeof import('./instance-metadata.ts').instanceRegion>) {
  if (settings.disabled) return undefined;
  const { instanceRegion } = await import('./instance-metadata.ts');
  return instanceRegion(settings, variables);
}

// As long before their end as the SDK itself asks for new ones.
const renewalMilliseconds = 5 * 60 * 1000;

/** Asks once for all clients, and again when the credentials are about to expire. */
function asked(provide: Provide): AwsCredentialIdentityProvider {
  let answer: ReturnType<Provide> | undefined;
  return async () => {
    answer ??= provide();
    const { expiration } = await answer;
    if (expiration && expiration.getTime() - Date.now() < renewalMilliseconds) answer = undefined;
    answer ??= provide();
    return answer;
  };
}
