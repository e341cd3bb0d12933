import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprint, keyPairFrom, sameKey } from '../../core/openssh-key.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'recode-key-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const keygen = (...args: string[]) => execFileSync('ssh-keygen', args, { encoding: 'utf8' }).trim();

describe('keyPairFrom', () => {
  it('writes a private key that OpenSSH reads, with the public key that belongs to it', () => {
    const pair = keyPairFrom(randomBytes(32), 'acme-api');
    const file = join(directory, 'key');
    writeFileSync(file, pair.privateKey, { mode: 0o600 });
    expect(keygen('-y', '-f', file)).toBe(pair.publicKey);
  });

  it('makes a key that signs what the public key verifies', () => {
    const pair = keyPairFrom(randomBytes(32), 'acme-api');
    const file = join(directory, 'key');
    writeFileSync(file, pair.privateKey, { mode: 0o600 });
    writeFileSync(join(directory, 'message'), 'hello');
    keygen('-Y', 'sign', '-f', file, '-n', 'file', join(directory, 'message'));
    writeFileSync(join(directory, 'signers'), `me ${pair.publicKey}`);
    const verify = ['-Y', 'verify', '-f', join(directory, 'signers'), '-I', 'me', '-n', 'file', '-s', join(directory, 'message.sig')];
    expect(execFileSync('ssh-keygen', verify, { input: 'hello', encoding: 'utf8' })).toContain('Good');
  });

  it('fits comments of every length into the padding', () => {
    for (const comment of ['', 'a', 'ab', 'abc', 'abcd', 'abcde', 'abcdef', 'abcdefg', 'abcdefgh']) {
      const pair = keyPairFrom(Buffer.alloc(32, 7), comment);
      const file = join(directory, `key-${comment.length}`);
      writeFileSync(file, pair.privateKey, { mode: 0o600 });
      expect(keygen('-y', '-f', file)).toBe(pair.publicKey.trim());
    }
  });
});

it('has the fingerprint that ssh-keygen prints', () => {
  const { publicKey } = keyPairFrom(randomBytes(32), 'acme-api');
  writeFileSync(join(directory, 'key.pub'), publicKey);
  expect(keygen('-l', '-f', join(directory, 'key.pub'))).toContain(`SHA256:${fingerprint(publicKey).replace(/=+$/, '')} `);
});

it('compares keys without their comments', () => {
  const { publicKey } = keyPairFrom(Buffer.alloc(32, 1), 'one');
  expect(sameKey(publicKey, keyPairFrom(Buffer.alloc(32, 1), 'two').publicKey)).toBe(true);
  expect(sameKey(publicKey, keyPairFrom(Buffer.alloc(32, 2), 'one').publicKey)).toBe(false);
});
