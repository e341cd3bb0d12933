import type { Keys } from './condition.ts';

/** The services whose requests are authorized here, by their prefix in actions. */
export const servedServices = ['ec2', 'dynamodb', 'states', 'lambda', 'sts'] as const;
export type ServedService = (typeof servedServices)[number];

interface Tag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** What the condition keys of a request say about one of its resources. */
export interface Facts {
  /** The tags that the request adds to the resource or removes from it. */
  readonly requestTags?: readonly Tag[] | undefined;
  readonly resourceTags?: readonly Tag[] | undefined;
  /** The call that creates the resource, if the need is to tag it. */
  readonly createAction?: string | undefined;
  /** The values of the partition key of the items that the request reads or writes. */
  readonly leadingKeys?: readonly string[] | undefined;
}

/** The condition keys of a request about one resource. */
export function keysOf({ requestTags = [], resourceTags = [], createAction, leadingKeys }: Facts): Keys {
  const keys = new Map<string, string | readonly string[]>();
  if (createAction !== undefined) keys.set('ec2:createaction', createAction);
  if (requestTags.length > 0)
    keys.set(
      'aws:tagkeys',
      requestTags.map(({ Key = '' }) => Key),
    );
  for (const { Key = '', Value } of requestTags) if (Value !== undefined) keys.set(`aws:requesttag/${Key.toLowerCase()}`, Value);
  for (const { Key = '', Value = '' } of resourceTags) keys.set(`aws:resourcetag/${Key.toLowerCase()}`, Value);
  if (leadingKeys) keys.set('dynamodb:leadingkeys', leadingKeys);
  return (key) => keys.get(key);
}

/** Whether the requests of a service have this condition key (in lower case) here as on AWS. No request has a key of another service. */
export function isKnownKey(key: string, service: ServedService): boolean {
  if (key.startsWith('aws:requesttag/') || key === 'aws:tagkeys') return true;
  if (service === 'ec2' && (key.startsWith('aws:resourcetag/') || key === 'ec2:createaction')) return true;
  if (service === 'dynamodb' && key === 'dynamodb:leadingkeys') return true;
  return !key.startsWith('aws:') && !key.startsWith(`${service}:`);
}
