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
  /** Those that are still valid. */
  all(): readonly ClientToken[];
  /** Those that were stored or changed since the last call of this function. */
  takeChanged(): ClientToken[];
}

const day = 24 * 60 * 60 * 1000;
const maximumLength = 64;

export function createClientTokens(records: readonly ClientToken[], now: () => number): ClientTokens {
  const tokens = new Map<string, ClientToken>();
  const ofResources = new Map<string, Set<ClientToken>>();
  let changed = new Set<ClientToken>();
  const add = (one: ClientToken) => {
    tokens.set(keyOf(one), one);
    for (const id of one.resources) ofResources.set(id, (ofResources.get(id) ?? new Set()).add(one));
  };
  for (const one of records) add(one);
  const alive = (one: ClientToken) => one.resources.length > 0 || now() < one.endedAt + day;

  return {
    answered(action, token, parameters) {
      if (token.length > maximumLength || /[^\x20-\x7e]/.test(token))
        throw new AwsFailure(
          'InvalidParameterValue',
          `Value (${token}) for parameter clientToken is invalid. Expecting at most 64 ASCII characters.`,
        );
      const known = tokens.get(keyOf({ action, token }));
      if (!known || !alive(known)) return undefined;
      if (known.digest !== digestOf(parameters))
        throw new AwsFailure(
          'IdempotentParameterMismatch',
          'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
        );
      return known.content;
    },
    remember(action, token, parameters, content, resources) {
      const one = { action, token, digest: digestOf(parameters), content, resources: [...resources], endedAt: now() };
      add(one);
      changed.add(one);
    },
    ended(resource, endedAt) {
      for (const one of ofResources.get(resource) ?? []) {
        one.resources = one.resources.filter((id) => id !== resource);
        one.endedAt = Math.max(one.endedAt, endedAt);
        changed.add(one);
      }
      ofResources.delete(resource);
    },
    all: () => [...tokens.values()].filter(alive),
    takeChanged() {
      const taken = [...changed];
      changed = new Set();
      return taken;
    },
  };
}

/** Identifies a client token among all of a region. */
export function keyOf({ action, token }: Pick<ClientToken, 'action' | 'token'>): string {
  return `${action} ${token}`;
}

/** The codec sorts parameters in the order of the model, so equal requests have equal texts. */
function digestOf(parameters: object): string {
  return createHash('sha256').update(JSON.stringify(parameters)).digest('hex');
}
