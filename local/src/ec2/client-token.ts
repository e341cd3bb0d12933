import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { AwsFailure } from '../service.ts';

/** A client token that a request has used, and what it was answered. */
export const ClientToken = v.strictObject({
  action: v.string(),
  token: v.string(),
  /** Tells whether a later request has the same parameters. */
  digest: v.string(),
  /** The answer's content; a repeated request gets it under a request id of its own. */
  content: v.string(),
  /** Ids of what the request made, as far as it still exists. */
  resources: v.array(v.string()),
  /** When the last of what it made ended, in milliseconds since the epoch. */
  endedAt: v.number(),
});
export type ClientToken = v.InferOutput<typeof ClientToken>;

/** The client tokens of a region. */
export interface ClientTokens {
  /**
   * The content of the answer that an equal request with this token got; undefined for a new token.
   * Throws `IdempotentParameterMismatch` if the token came with other parameters.
   */
  answered(action: string, token: string, parameters: object): string | undefined;
  /** Remembers an answer for as long as any of these resources exists, and a day longer. */
  remember(action: string, token: string, parameters: object, content: string, resources: readonly string[]): void;
  /** A resource has ended, at this time in milliseconds since the epoch. */
  ended(resource: string, endedAt: number): void;
  all(): readonly ClientToken[];
}

const day = 24 * 60 * 60 * 1000;
const maximumLength = 64;

export function createClientTokens(records: readonly ClientToken[], now: () => number): ClientTokens {
  let tokens = [...records];
  const alive = (one: ClientToken) => one.resources.length > 0 || now() < one.endedAt + day;

  return {
    answered(action, token, parameters) {
      if (token.length > maximumLength || /[^\x20-\x7e]/.test(token))
        throw new AwsFailure(
          'InvalidParameterValue',
          `Value (${token}) for parameter clientToken is invalid. Expecting at most 64 ASCII characters.`,
        );
      tokens = tokens.filter(alive);
      const known = tokens.find((one) => one.action === action && one.token === token);
      if (known && known.digest !== digestOf(parameters))
        throw new AwsFailure(
          'IdempotentParameterMismatch',
          'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
        );
      return known?.content;
    },
    remember(action, token, parameters, content, resources) {
      tokens.push({ action, token, digest: digestOf(parameters), content, resources: [...resources], endedAt: now() });
    },
    ended(resource, endedAt) {
      for (const one of tokens) {
        if (!one.resources.includes(resource)) continue;
        one.resources = one.resources.filter((id) => id !== resource);
        one.endedAt = Math.max(one.endedAt, endedAt);
      }
    },
    all: () => tokens,
  };
}

/** The codec hands parameters over in the model's order, so equal requests are equal texts. */
function digestOf(parameters: object): string {
  return createHash('sha256').update(JSON.stringify(parameters)).digest('hex');
}
