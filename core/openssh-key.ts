import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { isPrintableAscii } from './printable.ts';
import { publicHalf } from './private-key.ts';

/** A key pair as OpenSSH writes it in files. */
export interface OpenSshKeyPair {
  /** `-----BEGIN OPENSSH PRIVATE KEY-----` … */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA… comment` */
  readonly publicKey: string;
}

/**
 * The public half of an Ed25519 key in OpenSSH's format: the 51 bytes of RFC 8709, section 4, in base64, and a comment. cloud-init drops a whole
 * user data with a control character in it, and then nobody gets in: so the comment is printable ASCII.
 */
export const PublicKey = v.pipe(
  v.string(),
  v.regex(/^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43}( [\x20-\x7e]{0,255})?$/, 'an Ed25519 key as ssh-keygen writes it'),
);

const algorithm = 'ssh-ed25519';

/**
 * Writes an Ed25519 key pair in OpenSSH's own format: OpenSSH reads no PKCS #8 file with such a key.
 * The format: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key
 *
 * @param seed 32 random bytes: the secret itself
 * @param comment follows the public key; no secret, no line break
 */
export function keyPairFrom(seed: Buffer, comment: string): OpenSshKeyPair {
  const publicBytes = publicHalf(seed);
  const publicBlob = Buffer.concat([field(algorithm), field(publicBytes)]);
  const check = sha256(seed).subarray(0, 4); // twice: a reader sees by it that decryption worked
  const secret = Buffer.concat([
    check,
    check,
    field(algorithm),
    field(publicBytes),
    field(Buffer.concat([seed, publicBytes])),
    field(comment),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1));
  const one = Buffer.from([0, 0, 0, 1]); // one key in this file
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'), // cipher
    field('none'), // key derivation
    field(''), // its options
    one,
    field(publicBlob),
    field(Buffer.concat([secret, padding])),
  ]);
  const lines = file.toString('base64').match(/.{1,70}/g) ?? [];
  return {
    privateKey: ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n'),
    publicKey: `${algorithm} ${publicBlob.toString('base64')} ${comment}`,
  };
}

/**
 * The fingerprint that EC2 shows for an imported Ed25519 key: the SHA-256 of the public key, base64.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/verify-keys.html
 */
export function fingerprint(publicKey: string): string {
  return createHash('sha256')
    .update(Buffer.from(keyMaterial(publicKey), 'base64'))
    .digest('base64');
}

/** The fingerprint of a public key as `ssh-keygen -l` prints it, and as people name it. */
export const KeyFingerprint = v.pipe(v.string(), v.regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'a fingerprint as ssh-keygen prints it'));

/** The fingerprint of a public key as `ssh-keygen -l` prints it: `SHA256:…`. */
export function sshFingerprint(publicKey: string): string {
  return `SHA256:${fingerprint(publicKey).replace(/=+$/, '')}`;
}

/** The comment of a public key; empty if it has none. */
export function commentOf(publicKey: string): string {
  return publicKey.trim().split(' ').slice(2).join(' ');
}

/** A public key without its comment where that has other characters than printable ASCII: it is no part of the key. */
export function withPlainComment(publicKey: string): string {
  return isPrintableAscii(publicKey) ? publicKey : publicKey.split(' ').slice(0, 2).join(' ');
}

/** Whether two public keys are the same, whatever their comments. */
export function sameKey(one: string, other: string): boolean {
  return keyMaterial(one) === keyMaterial(other);
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();

function keyMaterial(publicKey: string): string {
  return publicKey.trim().split(/\s+/)[1] ?? '';
}

/** A string of the SSH wire format: its length in four bytes, then its bytes (RFC 4251, section 5). */
function field(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
