import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RecodeError } from '../../core/errors.ts';
import { keyPairFrom, sameKey, withPlainComment } from '../../core/openssh-key.ts';
import { readPrivateKey } from '../../core/private-key.ts';
import { keysNotReadable, keysNotWritable } from '../files/file-trouble.ts';
import { shellQuote } from '../shell-quote.ts';

/** The key pair of one environment on this machine. */
export interface KeyPair {
  readonly privateKeyFile: string;
  /** `ssh-ed25519 AAAA… comment` */
  readonly publicKey: string;
  /** Whether the private half has a passphrase. */
  readonly encrypted: boolean;
}

/**
 * Reads the key pair in a folder; undefined if the folder has no key. Never returns a key that OpenSSH would not use.
 *
 * @param accepted the public keys that the environment accepts, where they are known: another one counts as none
 * @throws RecodeError KeyPairIncomplete, PrivateKeyNotUsable, PrivateKeyLineEndings, PrivateKeyReadableByOthers, PublicKeyNotValid,
 *   KeysNotReadable, KeysNotWritable
 */
export function readKeyPair(folder: string, accepted?: readonly string[]): KeyPair | undefined {
  const privateKeyFile = join(folder, privateName);
  let [privateKey, publicKey] = readHalves(folder);
  // The folder may have appeared between the two reads.
  if ((privateKey === undefined) !== (publicKey === undefined)) [privateKey, publicKey] = readHalves(folder);
  if (privateKey === undefined) {
    if (publicKey === undefined) return undefined;
    throw new RecodeError('KeyPairIncomplete', `The folder ${folder} contains ${publicName}, but not ${privateName}.`);
  }
  const read = usablePrivateKey(privateKeyFile, privateKey.text);
  refuseReadableByOthers(privateKeyFile, privateKey.stats);
  const own = read.kind === 'openssh' ? read.publicKey : publicKey?.text;
  if (accepted && own !== undefined && !accepted.some((key) => sameKey(own, key))) return undefined;
  requirePublicHalf(privateKeyFile, publicKey?.text, own);
  return {
    privateKeyFile,
    publicKey: withPlainComment((publicKey?.text ?? '').trim()),
    encrypted: read.kind === 'openssh' && read.encrypted,
  };
}

/**
 * Reads the key pair that an environment of a repository accepts.
 *
 * @throws RecodeError PrivateKeyNotHere, and those of `readKeyPair`
 */
export function requireKeyPair(folder: string, accepted: readonly string[], repository: string): KeyPair {
  const keyPair = readKeyPair(folder, accepted);
  if (keyPair) return keyPair;
  throw new RecodeError('PrivateKeyNotHere', `This machine has no SSH key that ${repository} accepts. It would be in ${folder}.`);
}

/**
 * The key pair in a folder, made there if it has none. Processes that ask at the same time get the same one. An existing key is never
 * replaced.
 *
 * @throws RecodeError those of `readKeyPair`
 */
export function ensureKeyPair(folder: string, comment: string): KeyPair {
  const existing = readKeyPair(folder);
  if (existing) return existing;
  // A folder appears with both of its files or not at all, however many processes make it and wherever they are killed.
  const prepared = `${folder}.${randomUUID()}`;
  try {
    writeKeyPair(prepared, comment);
    moveUnlessTaken(prepared, folder);
  } catch (error) {
    throw keysNotWritable(folder, 'written', error);
  } finally {
    rmSync(prepared, { recursive: true, force: true });
  }
  const made = readKeyPair(folder);
  if (!made) throw new RecodeError('KeysNotWritable', `The key pair in ${folder} has gone again.`);
  return made;
}

const privateName = 'id_ed25519';
const publicName = `${privateName}.pub`;

function writeKeyPair(folder: string, comment: string): void {
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  mkdirSync(folder, { mode: 0o700 });
  const { privateKey, publicKey } = keyPairFrom(randomBytes(32), comment);
  writeFileSync(join(folder, privateName), privateKey, { mode: 0o600, flush: true });
  writeFileSync(join(folder, publicName), `${publicKey}\n`, { mode: 0o600, flush: true });
}

function moveUnlessTaken(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // Somebody else's folder is there already, and its key is the one.
    if (!existsSync(to)) throw error;
  }
}

function usablePrivateKey(file: string, text: string) {
  const read = readPrivateKey(text);
  if (read.kind === 'damaged') throw new RecodeError('PrivateKeyNotUsable', `The private key ${file} ${read.reason}.`);
  if (read.kind === 'openssh' && !read.publicKey.startsWith('ssh-ed25519 ')) {
    const [type] = read.publicKey.split(' ');
    throw new RecodeError('PrivateKeyNotUsable', `The private key ${file} is an ${type} key, but Recode uses Ed25519 keys.`);
  }
  if (read.kind !== 'line-endings') return read;
  const problem = read.problem === 'carriage returns' ? 'has Windows line endings' : 'does not end with a line break';
  throw new RecodeError('PrivateKeyLineEndings', `The private key ${file} ${problem}, which OpenSSH does not read.`, {
    fix: read.problem === 'carriage returns' ? withoutCarriageReturns(file) : `echo >> ${shellQuote(file)}`,
  });
}

/** Debian, Ubuntu, macOS and Git for Windows come with Perl; sed changes files differently on macOS and on Linux. */
const withoutCarriageReturns = (file: string) => `perl -pi -e 's/\\r//' ${shellQuote(file)}`;

/** As OpenSSH, which ignores such a key; on Windows it looks at access control lists, which Node.js does not show. */
function refuseReadableByOthers(file: string, { uid, mode }: Stats): void {
  if (uid !== process.getuid?.() || (mode & 0o077) === 0) return;
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  throw new RecodeError('PrivateKeyReadableByOthers', `The private key ${file} has mode ${octal}, so ssh refuses it.`, {
    fix: `chmod 600 ${shellQuote(file)}`,
  });
}

function requirePublicHalf(privateKeyFile: string, publicKey: string | undefined, own: string | undefined): void {
  const problem =
    publicKey === undefined
      ? 'is missing'
      : publicKey.trim() === ''
        ? 'is empty'
        : !/^ssh-\S+ [A-Za-z0-9+/]+=*( .*)?$/.test(publicKey.trim())
          ? 'is not a public key'
          : own !== undefined && !sameKey(own, publicKey)
            ? 'belongs to a different private key'
            : undefined;
  if (problem === undefined) return;
  const file = shellQuote(privateKeyFile);
  throw new RecodeError('PublicKeyNotValid', `The public key ${privateKeyFile}.pub ${problem}.`, {
    fix: `ssh-keygen -y -f ${file} > ${shellQuote(`${privateKeyFile}.pub`)}`,
  });
}

interface Half {
  readonly text: string;
  readonly stats: Stats;
}

function readHalves(folder: string): [privateKey: Half | undefined, publicKey: Half | undefined] {
  return [readIfThere(join(folder, privateName)), readIfThere(join(folder, publicName))];
}

function readIfThere(file: string): Half | undefined {
  try {
    const stats = statSync(file);
    // To read a pipe would take for ever.
    if (!stats.isFile() && !stats.isDirectory()) throw Object.assign(new Error('it is not a file'), { code: 'ENOTFILE' });
    return { text: readFileSync(file, 'utf8'), stats };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw keysNotReadable(file, error);
  }
}
