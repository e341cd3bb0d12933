import type { Keys } from './condition.ts';

/** The services, by their prefix in actions, whose requests are authorized here. */
export const servedServices = ['ec2', 'dynamodb', 'states', 'lambda', 'sts'] as const;
export type ServedService = (typeof servedServices)[number];

interface Tag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** What there is to know of a request, and of the resource that it is about. */
export interface Facts {
  readonly region: string;
  readonly service: ServedService;
  /** The tags that the request gives this resource, or takes from it; without a value where it takes them whatever their value. */
  readonly requestTags?: readonly Tag[] | undefined;
  readonly resourceTags?: readonly Tag[] | undefined;
  /** The call that makes the resource, when it is about the resource's tags. */
  readonly createAction?: string | undefined;
}

/** The condition keys of a request about one resource. */
export function keysOf({ region, service, requestTags = [], resourceTags = [], createAction }: Facts): Keys {
  const keys = new Map<string, readonly string[]>([['aws:requestedregion', [region]]]);
  if (service === 'ec2') keys.set('ec2:region', [region]);
  if (createAction !== undefined) keys.set('ec2:createaction', [createAction]);
  for (const { Key = '', Value } of requestTags) if (Value !== undefined) keys.set(`aws:requesttag/${Key.toLowerCase()}`, [Value]);
  if (requestTags.length > 0)
    keys.set(
      'aws:tagkeys',
      requestTags.map(({ Key = '' }) => Key),
    );
  for (const { Key = '', Value = '' } of resourceTags) {
    keys.set(`aws:resourcetag/${Key.toLowerCase()}`, [Value]);
    keys.set(`ec2:resourcetag/${Key.toLowerCase()}`, [Value]);
  }
  return (key) => keys.get(key);
}

const global = /^aws:(requesttag\/.+|tagkeys|requestedregion|principalarn)$/;
const ofEc2 = /^(aws|ec2):resourcetag\/.+$|^ec2:(createaction|region)$/;

/**
 * Whether the requests of a service bear this condition key (in lower case) here wherever they do on AWS. They bear none of
 * another service's.
 */
export function isKnownKey(key: string, service: ServedService): boolean {
  if (global.test(key) || (service === 'ec2' && ofEc2.test(key))) return true;
  return !key.startsWith('aws:') && !key.startsWith(`${service}:`);
}
