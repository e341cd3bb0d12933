import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RecodeError } from '../../core/errors.ts';
import { keyPairFrom, withPlainComment } from '../../core/openssh-key.ts';
import { keysNotWritable } from './keys-not-writable.ts';

/** The key pair of one environment on this machine. */
export interface KeyPair {
  readonly privateKeyFile: string;
  /** `ssh-ed25519 AAAA… comment` */
  readonly publicKey: string;
}

/**
 * Reads the key pair in a folder; undefined where there is none.
 *
 * @throws RecodeError KeyPairIncomplete when one of its two files is missing
 */
export function readKeyPair(folder: string): KeyPair | undefined {
  const privateKeyFile = join(folder, privateName);
  let [privateKey, publicKey] = readHalves(folder);
  // The folder may have appeared between the two reads.
  if ((privateKey === undefined) !== (publicKey === undefined)) [privateKey, publicKey] = readHalves(folder);
  if (privateKey === undefined && publicKey === undefined) return undefined;
  if (privateKey !== undefined && publicKey !== undefined) return { privateKeyFile, publicKey: withPlainComment(publicKey.trim()) };
  const [here, missing] = privateKey === undefined ? [publicName, privateName] : [privateName, publicName];
  throw new RecodeError('KeyPairIncomplete', `The folder ${folder} holds ${here}, but no ${missing}.`);
}

/**
 * The key pair in a folder, made there if it has none: whoever comes at the same time gets the same one. An existing key is never replaced.
 *
 * @throws RecodeError KeyPairIncomplete, KeysNotWritable
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

function readHalves(folder: string): [privateKey: string | undefined, publicKey: string | undefined] {
  return [readIfThere(join(folder, privateName)), readIfThere(join(folder, publicName))];
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw keysNotWritable(file, 'read', error);
  }
}
