import type { Need } from '../policy.ts';

/**
 * The needs of a request to the price list. Its actions are about no resource:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_awspricelist.html
 */
export function needsOfPricing(action: string): Need[] {
  return [{ action: `pricing:${action}`, resource: '*', keys: () => undefined }];
}
