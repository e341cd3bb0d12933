import { openFetch } from '../http/fetch.ts';
import type { MetadataSettings } from './settings.ts';

/**
 * Asks the metadata service of the EC2 instance that this machine may be. Undefined if it is not one, or has nothing there.
 * Takes up to the timeout of the settings, a second by default.
 */
export async function askInstance(path: string, settings: MetadataSettings, variables: NodeJS.ProcessEnv): Promise<string | undefined> {
  if (settings.disabled) return undefined;
  // The service speaks plain HTTP.
  const fetch = await openFetch({ ...variables, AWS_CA_BUNDLE: undefined });
  const ask = async (method: string, url: string, headers: Record<string, string>) => {
    for (let attempt = 0; attempt < settings.attempts; attempt++) {
      try {
        const signal = AbortSignal.timeout(settings.timeoutSeconds * 1000);
        const response = await fetch(`${settings.url}${url}`, { method, headers, signal });
        return { status: response.status, text: await response.text() };
      } catch (error) {
        // Nothing answers there on other machines.
        if (!(error instanceof TypeError) && (error as Error).name !== 'TimeoutError') throw error;
      }
    }
    return undefined;
  };
  const token = await ask('PUT', 'latest/api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' });
  const accepted = token?.status === 200 && token.text !== '';
  if (!accepted && (settings.tokenRequired || token?.status === 400)) return undefined;
  const answer = await ask('GET', path, accepted ? { 'x-aws-ec2-metadata-token': token.text } : {});
  return answer?.status === 200 && answer.text !== '' ? answer.text : undefined;
}

/** The region of that instance. */
export async function instanceRegion(settings: MetadataSettings, variables: NodeJS.ProcessEnv): Promise<string | undefined> {
  const zone = await askInstance('latest/meta-data/placement/availability-zone/', settings, variables);
  return zone?.trim().slice(0, -1);
}
