import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { requireUnlocked } from '../../../cli/ssh/agent.ts';
import { ensureKeyPair, type KeyPair, readKeyPair } from '../../../cli/ssh/keys.ts';
import type { ErrorName } from '../../../core/errors.ts';

const run = promisify(execFile);

let directory: string;
let folder: string;
let file: string;
let made: KeyPair;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'recode-key-trouble-'));
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(directory, 'other')]);
  await run('ssh-keygen', ['-q', '-t', 'ecdsa', '-N', '', '-C', '', '-f', join(directory, 'ecdsa')]);
});
beforeEach(() => {
  folder = mkdtempSync(join(directory, 'key-'));
  rmSync(folder, { recursive: true });
  file = join(folder, 'id_ed25519');
  made = ensureKeyPair(folder, 'recode acme/api');
});
afterAll(() => rmSync(directory, { recursive: true }));

interface Trouble {
  readonly what: string;
  readonly damage: () => void;
  readonly name: ErrorName;
  readonly message: () => string;
  readonly fix?: () => string;
}

const publicFix = () => `ssh-keygen -y -f ${file} > ${file}.pub`;
const troubles: readonly Trouble[] = [
  {
    what: 'that others may read',
    damage: () => chmodSync(file, 0o644),
    name: 'PrivateKeyReadableByOthers',
    message: () => `The private key ${file} has mode 0644, so ssh refuses it.`,
    fix: () => `chmod 600 ${file}`,
  },
  {
    what: 'with a passphrase',
    damage: () => execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'secret', '-f', file], { stdio: 'ignore' }),
    name: 'PrivateKeyLocked',
    message: () => `The private key ${file} has a passphrase, and no SSH agent holds the key.`,
    fix: () => `ssh-keygen -p -N '' -f ${file}`,
  },
  {
    what: 'with the line endings of Windows',
    damage: () => writeFileSync(file, readFileSync(file, 'utf8').replaceAll('\n', '\r\n')),
    name: 'PrivateKeyLineEndings',
    message: () => `The private key ${file} has Windows line endings, which OpenSSH does not read.`,
    fix: () => `perl -pi -e 's/\\r//' ${file}`,
  },
  {
    what: 'without its last line break',
    damage: () => writeFileSync(file, readFileSync(file, 'utf8').trimEnd()),
    name: 'PrivateKeyLineEndings',
    message: () => `The private key ${file} does not end with a line break, which OpenSSH does not read.`,
    fix: () => `echo >> ${file}`,
  },
  {
    what: 'that is empty',
    damage: () => writeFileSync(file, ''),
    name: 'PrivateKeyNotUsable',
    message: () => `The private key ${file} is empty.`,
  },
  {
    what: 'that is cut short',
    damage: () => writeFileSync(file, readFileSync(file).subarray(0, 200)),
    name: 'PrivateKeyNotUsable',
    message: () => `The private key ${file} is cut short or damaged.`,
  },
  {
    what: 'that is something else',
    damage: () => writeFileSync(file, 'my key\n'),
    name: 'PrivateKeyNotUsable',
    message: () => `The private key ${file} is not a private key.`,
  },
  {
    what: 'of another type',
    damage: () => cpSync(join(directory, 'ecdsa'), file),
    name: 'PrivateKeyNotUsable',
    message: () => `The private key ${file} is an ecdsa-sha2-nistp256 key, but Recode uses Ed25519 keys.`,
  },
  {
    what: 'that is a folder',
    damage: () => {
      rmSync(file);
      mkdirSync(file, { mode: 0o700 });
    },
    name: 'KeysNotReadable',
    message: () => `${file} cannot be read: a folder is in its place.`,
  },
  {
    what: 'that is a pipe',
    damage: () => {
      rmSync(file);
      execFileSync('mkfifo', ['-m', '600', file]);
    },
    name: 'KeysNotReadable',
    message: () => `${file} cannot be read: it is not a file.`,
  },
  {
    what: 'whose public half is empty',
    damage: () => writeFileSync(`${file}.pub`, ''),
    name: 'PublicKeyNotValid',
    message: () => `The public key ${file}.pub is empty.`,
    fix: publicFix,
  },
  {
    what: 'whose public half is missing',
    damage: () => rmSync(`${file}.pub`),
    name: 'PublicKeyNotValid',
    message: () => `The public key ${file}.pub is missing.`,
    fix: publicFix,
  },
  {
    what: 'whose public half belongs to another key',
    damage: () => cpSync(join(directory, 'other.pub'), `${file}.pub`),
    name: 'PublicKeyNotValid',
    message: () => `The public key ${file}.pub belongs to a different private key.`,
    fix: publicFix,
  },
];

/** Reads the pair as a start does. */
async function usable(): Promise<KeyPair | undefined> {
  const read = readKeyPair(folder);
  if (read) await requireUnlocked(read);
  return read;
}

describe('a key', () => {
  // OpenSSH 9.2 ignores each of these private keys; test/bad-input/key-files.test.ts asks it.
  it.each(troubles)('$what is named, and the command that fixes it works', async ({ damage, name, message, fix }) => {
    damage();
    await expect(usable()).rejects.toThrow(expect.objectContaining({ name, message: message(), fix: fix?.() ?? '' }));
    if (!fix) return;
    const askpass = join(directory, 'askpass');
    writeFileSync(askpass, '#!/bin/sh\necho secret\n', { mode: 0o755 });
    await run('/bin/sh', ['-c', fix()], { env: { ...process.env, SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' } });
    const { publicKey, ...fixed } = (await usable()) ?? { publicKey: '' };
    expect(fixed).toEqual({ privateKeyFile: file, encrypted: false });
    expect(publicKey.split(' ').slice(0, 2)).toEqual(made.publicKey.split(' ').slice(0, 2));
  });

  it('that the environment does not accept counts as none', () => {
    expect(readKeyPair(folder, [readFileSync(join(directory, 'other.pub'), 'utf8')])).toBeUndefined();
    expect(readKeyPair(folder, ['ssh-ed25519 AAAA', made.publicKey])).toEqual(made);
  });

  it('without its private half is incomplete', () => {
    rmSync(file);
    const message = `The folder ${folder} contains id_ed25519.pub, but not id_ed25519.`;
    expect(() => readKeyPair(folder)).toThrow(expect.objectContaining({ name: 'KeyPairIncomplete', message }));
  });
});
