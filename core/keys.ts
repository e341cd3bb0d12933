import * as v from 'valibot';
import type { Wanted } from './environment.ts';
import { RecodeError } from './errors.ts';
import { sameKey, sshFingerprint } from './openssh-key.ts';

/** A key that an environment accepts besides its first one. */
export const AddedKey = v.object({
  publicKey: v.string(),
  /** When (ISO 8601). */
  addedAt: v.string(),
});
export type AddedKey = v.InferOutput<typeof AddedKey>;

/** The most keys that an environment accepts: the user data of its instance has them all. */
export const mostKeys = 20;

/**
 * The keys that an environment accepts: its first one, which the start that created it came with, and those that were added. After a transfer it
 * accepts none, until its new owner has started it or added one.
 */
export type Keys = Pick<Wanted, 'publicKey' | 'moreKeys'>;

/** The public keys that an environment accepts, the first one first. */
export function acceptedKeys({ publicKey, moreKeys = [] }: Keys): readonly string[] {
  return publicKey === undefined ? [] : [publicKey, ...moreKeys.map((added) => added.publicKey)];
}

/** Whether an environment accepts a key. */
export function accepts(keys: Keys, publicKey: string): boolean {
  return acceptedKeys(keys).some((accepted) => sameKey(accepted, publicKey));
}

/** Refuses another key where there are as many as an environment accepts. Throws RecodeError TooManyKeys. */
export function requireRoom(keys: Keys): void {
  if (acceptedKeys(keys).length < mostKeys) return;
  throw new RecodeError('TooManyKeys', `An environment accepts up to ${mostKeys} keys.`);
}

/** The keys with another one. Throws RecodeError TooManyKeys. */
export function withKey(keys: Keys, publicKey: string, addedAt: string): Keys {
  if (accepts(keys, publicKey)) return keys;
  if (keys.publicKey === undefined) return { publicKey };
  requireRoom(keys);
  return { ...keys, moreKeys: [...(keys.moreKeys ?? []), { publicKey, addedAt }] };
}

/** The keys without the one that has a fingerprint. After the first one, the oldest of the others is the first. Throws RecodeError LastKey. */
export function withoutKey({ publicKey, moreKeys = [] }: Keys, fingerprint: string): Keys {
  const left = moreKeys.filter((added) => sshFingerprint(added.publicKey) !== fingerprint);
  if (publicKey === undefined) return {};
  if (sshFingerprint(publicKey) !== fingerprint) return keysOf(publicKey, left);
  const [first, ...rest] = left;
  if (first) return keysOf(first.publicKey, rest);
  throw new RecodeError('LastKey', 'It is the only key that the environment accepts.');
}

const keysOf = (publicKey: string, moreKeys: AddedKey[]): Keys => (moreKeys.length > 0 ? { publicKey, moreKeys } : { publicKey });
