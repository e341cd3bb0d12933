import { createHash } from 'node:crypto';

/**
 * The client token of a mutating call: the same for each attempt of one execution, another one for the next execution. A token lives a
 * day beyond its instance, so one made from the environment alone would hand back a removed environment's dead instance.
 *
 * @param parameters what makes two calls the same call
 * @returns 64 hexadecimal digits, as long as a token may be
 */
export function clientToken(executionArn: string, step: string, parameters: Readonly<Record<string, unknown>>): string {
  const sorted = Object.entries(parameters).sort(([one], [other]) => one.localeCompare(other));
  return createHash('sha256')
    .update(JSON.stringify([executionArn, step, sorted]))
    .digest('hex');
}
