import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { AwsFailure } from '../service.ts';

/** The client token of an earlier request, and its answer. */
export const ClientToken = v.strictObject({
  action: v.string(),
  token: v.string(),
  /** Of the parameters, to compare them with those of a later request. */
  digest: v.string(),
  /** The content of the answer. A repeated request gets the same content with its own request ID. */
  content: v.string(),
  /** The IDs of the resources that the request created and that still exist. */
  resources: v.array(v.string()),
  /** When the last of its resources ended, in milliseconds since the epoch. */
  endedAt: v.number(),
});
export type ClientToken = v.InferOutput<typeof ClientToken>;

/** The client tokens of a region. */
export interface ClientTokens {
  /**
   * The content of the answer to an earlier request with this token and the same parameters; undefined for a new token.
   * Throws `IdempotentParameterMismatch` if the parameters differ.
   */
  answered(action: string, token: string, parameters: object): string | undefined;
  /** Stores an answer while any of these resources exists, and for a day after that. */
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

/** The codec sorts parameters in the order of the model, so equal requests have equal texts. */
function digestOf(parameters: object): string {
  return createHash('sha256').update(JSON.stringify(parameters)).digest('hex');
}
