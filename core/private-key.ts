import { createPrivateKey, createPublicKey } from 'node:crypto';

/** What the text of a private key file says without its secret. */
export type PrivateKeyText =
  /** A key that OpenSSH reads; `publicKey` as in its `.pub` file, without a comment. */
  | { readonly kind: 'openssh'; readonly publicKey: string; readonly encrypted: boolean }
  /** A PEM file of another kind, which some versions of OpenSSH read. */
  | { readonly kind: 'pem' }
  /** Fine, if it had the line endings that OpenSSH insists on: a line feed alone, after the last line too. */
  | { readonly kind: 'line-endings'; readonly problem: 'carriage returns' | 'no last line feed' }
  | { readonly kind: 'damaged'; readonly reason: 'is empty' | 'is not a private key' | 'is cut short or damaged' };

/**
 * Reads a private key file as OpenSSH does, which says no more than "error in libcrypto" of most that is wrong with one.
 * The format: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key
 */
export function readPrivateKey(text: string): PrivateKeyText {
  if (text.trim() === '') return { kind: 'damaged', reason: 'is empty' };
  if (text.startsWith(begin)) return readOpenSshKey(text);
  if (/^-----BEGIN [A-Z ]*PRIVATE KEY-----\n/.test(text)) return { kind: 'pem' };
  return lineEndings(text) ?? { kind: 'damaged', reason: 'is not a private key' };
}

const begin = '-----BEGIN OPENSSH PRIVATE KEY-----\n';
const end = '\n-----END OPENSSH PRIVATE KEY-----\n';
const magic = 'openssh-key-v1\0';
const damaged = { kind: 'damaged', reason: 'is cut short or damaged' } as const;

function readOpenSshKey(text: string): PrivateKeyText {
  const body = text.slice(begin.length, text.indexOf(end));
  if (!text.includes(end) || !/^[A-Za-z0-9+/=\n]+$/.test(body)) return lineEndings(text) ?? damaged;
  try {
    return readFields(Buffer.from(body, 'base64'));
  } catch (error) {
    // A length that leads beyond the end.
    if (!(error instanceof RangeError)) throw error;
    return damaged;
  }
}

function readFields(file: Buffer): PrivateKeyText {
  if (file.subarray(0, magic.length).toString('latin1') !== magic) return damaged;
  const reader = readerOf(file.subarray(magic.length));
  const cipher = reader.field().toString('latin1');
  reader.field(); // how the passphrase becomes a key
  reader.field(); // the options of that
  const keys = reader.number();
  const publicBlob = reader.field();
  const secret = reader.field();
  if (keys !== 1) return damaged;
  const encrypted = cipher !== 'none';
  if (!encrypted && !isIntact(secret, publicBlob)) return damaged;
  const type = readerOf(publicBlob).field().toString('latin1');
  return { kind: 'openssh', publicKey: `${type} ${publicBlob.toString('base64')}`, encrypted };
}

/** Whether a secret that is not encrypted is whole, and of that public key. Of other types than Ed25519 only the first is looked at. */
function isIntact(secret: Buffer, publicBlob: Buffer): boolean {
  const reader = readerOf(secret);
  const [check, repeated] = [reader.number(), reader.number()];
  if (check !== repeated) return false;
  if (reader.field().toString('latin1') !== 'ssh-ed25519') return true;
  reader.field();
  const seed = reader.field().subarray(0, 32);
  return seed.length === 32 && publicBlob.subarray(-32).equals(publicHalf(seed));
}

/** What is wrong with a text that would be a key with other line endings. */
function lineEndings(text: string): PrivateKeyText | undefined {
  const problem = text.includes('\r') ? 'carriage returns' : 'no last line feed';
  const repaired = `${text.replace(/\r/g, '').trimEnd()}\n`;
  if (repaired === text || !repaired.startsWith(begin) || readOpenSshKey(repaired).kind !== 'openssh') return undefined;
  return { kind: 'line-endings', problem };
}

// RFC 8410: a PKCS #8 private key of Ed25519 is this prefix and the 32 bytes of the seed.
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The 32 bytes of the public key that belong to the 32 bytes of a seed of Ed25519. */
export function publicHalf(seed: Buffer): Buffer {
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return spki.subarray(spki.length - 32);
}

/** Reads the SSH wire format from its beginning (RFC 4251, section 5). Throws RangeError beyond the end. */
function readerOf(bytes: Buffer): { number(): number; field(): Buffer } {
  let at = 0;
  const number = () => {
    const value = bytes.readUInt32BE(at);
    at += 4;
    return value;
  };
  return {
    number,
    field() {
      const length = number();
      if (at + length > bytes.length) throw new RangeError('A field is longer than what is left.');
      at += length;
      return bytes.subarray(at - length, at);
    },
  };
}
