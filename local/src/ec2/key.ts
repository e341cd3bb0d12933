import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import type { KeyType } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { AwsFailure } from '../service.ts';
import { filtered, resourceFilters } from './filters.ts';
import type { Operations } from './operation.ts';
import { type Kind, notFound, resource, type Stored } from './resource.ts';
import { honorsTagSpecifications, tagsOf } from './tags.ts';

export const KeyPair = v.strictObject({
  ...resource,
  name: v.string(),
  type: v.picklist(['ed25519', 'rsa']),
  fingerprint: v.string(),
  /** In the format of OpenSSH, with the name of the key pair as the comment. */
  publicKey: v.string(),
  createdAt: v.number(),
});
export type KeyPair = Stored<v.InferOutput<typeof KeyPair>>;

export const keyPairKind: Kind<KeyPair> = {
  type: 'key-pair',
  prefix: 'key',
  noun: 'key pair ID',
  notFound: 'InvalidKeyPair.NotFound',
  malformed: 'InvalidKeyPairId.Malformed',
  schema: KeyPair,
  uses: () => [],
};

const maximumNameLength = 255;
const rsaSizes = [1024, 2048, 4096];

const keyPairFilters = resourceFilters<KeyPair>({
  fingerprint: ({ fingerprint }) => fingerprint,
  'key-name': ({ name }) => name,
  'key-pair-id': ({ id }) => id,
});

export const keyPairOperations = {
  ImportKeyPair: {
    honors: { KeyName: true, PublicKeyMaterial: true, ...honorsTagSpecifications },
    mutates: true,
    run({ KeyName, PublicKeyMaterial, TagSpecifications }, { resources, clock }) {
      const tags = tagsOf(TagSpecifications, 'key-pair')['key-pair'];
      if (KeyName === '' || KeyName.length > maximumNameLength || /[^\x20-\x7e]/.test(KeyName))
        throw new AwsFailure(
          'InvalidParameterValue',
          `Value (${KeyName}) for parameter keyName is invalid. Expecting up to 255 ASCII characters.`,
        );
      const { type, fingerprint, blob } = readPublicKey(Buffer.from(PublicKeyMaterial).toString('utf8'));
      if (resources.keyPairs.all().some(({ name }) => name === KeyName))
        throw new AwsFailure('InvalidKeyPair.Duplicate', `The keypair '${KeyName}' already exists.`);

      const publicKey = `ssh-${type} ${blob.toString('base64')} ${KeyName}`;
      const key = resources.keyPairs.add({ tags, name: KeyName, type, fingerprint, publicKey, createdAt: clock.now() });
      return { KeyName, KeyPairId: key.id, KeyFingerprint: fingerprint, Tags: tags };
    },
  },

  DescribeKeyPairs: {
    honors: { KeyNames: true, KeyPairIds: true, IncludePublicKey: true, 'Filters.Name': true, 'Filters.Values': true },
    filters: keyPairFilters,
    run({ KeyNames, KeyPairIds, IncludePublicKey, Filters }, { resources }) {
      const visible = resources.keyPairs.select(KeyPairIds);
      const unknown = (KeyNames ?? []).filter((name) => !visible.some((key) => key.name === name));
      if (unknown.length > 0) throw notFound({ ...keyPairKind, noun: 'key pair' }, unknown);
      const named = visible.filter(({ name }) => KeyNames === undefined || KeyNames.includes(name));
      return {
        KeyPairs: filtered(keyPairFilters, named, Filters).map((key) => ({
          KeyPairId: key.id,
          KeyName: key.name,
          KeyType: key.type,
          KeyFingerprint: key.fingerprint,
          CreateTime: new Date(key.createdAt),
          Tags: [...key.tags],
          ...(IncludePublicKey && { PublicKey: key.publicKey }),
        })),
      };
    },
  },

  DeleteKeyPair: {
    honors: { KeyName: true, KeyPairId: true },
    mutates: true,
    run({ KeyName, KeyPairId }, { resources }) {
      if (KeyName === undefined && KeyPairId === undefined)
        throw new AwsFailure('MissingParameter', 'The request must contain the parameter KeyName or KeyPairId');
      if (KeyName !== undefined && KeyPairId !== undefined)
        throw new AwsFailure('InvalidParameterCombination', 'The parameter KeyName cannot be used with the parameter KeyPairId');
      const key = resources.keyPairs.select(undefined).find(({ id, name }) => id === KeyPairId || name === KeyName);
      // Deleting a missing key pair succeeds.
      if (!key) return { Return: true };
      resources.keyPairs.delete(key.id);
      return { Return: true, KeyPairId: key.id };
    },
  },
} satisfies Operations;

interface PublicKey {
  readonly type: KeyType;
  readonly fingerprint: string;
  readonly blob: Buffer;
}

/** Parses a line in OpenSSH's public key format. Throws `InvalidKey.Format`. */
function readPublicKey(text: string): PublicKey {
  const [algorithm = '', base64 = ''] = text.trim().split(/\s+/);
  const blob = Buffer.from(base64, 'base64');
  const [name, ...parts] = blob.toString('base64') === base64 ? wireStrings(blob) : [];
  if (name === undefined || name.toString() !== algorithm) throw invalidKey();
  if (algorithm === 'ssh-ed25519') {
    if (parts.length !== 1 || parts[0]?.length !== 32) throw invalidKey();
    // AWS shows it with padding, OpenSSH without.
    return { type: 'ed25519', blob, fingerprint: createHash('sha256').update(blob).digest('base64') };
  }
  const [exponent, modulus] = parts;
  if (algorithm !== 'ssh-rsa' || parts.length !== 2 || !exponent || !modulus) throw invalidKey();
  const key = rsaKey(exponent, modulus);
  if (!rsaSizes.includes(key.asymmetricKeyDetails?.modulusLength ?? 0)) throw invalidKey();
  const digest = createHash('md5')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
  return { type: 'rsa', blob, fingerprint: (digest.match(/../g) ?? []).join(':') };
}

/** The length-prefixed strings of SSH's wire format; none if the bytes are malformed. */
function wireStrings(bytes: Buffer): Buffer[] {
  const strings: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) return [];
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) return [];
    strings.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return strings;
}

function rsaKey(exponent: Buffer, modulus: Buffer): KeyObject {
  // SSH adds a leading zero so that the number is not negative. A JWK has none.
  const number = (bytes: Buffer) => bytes.subarray(bytes[0] === 0 ? 1 : 0).toString('base64url');
  return createPublicKey({ format: 'jwk', key: { kty: 'RSA', e: number(exponent), n: number(modulus) } });
}

function invalidKey(): AwsFailure {
  return new AwsFailure('InvalidKey.Format', 'Key is not in valid OpenSSH public key format');
}
