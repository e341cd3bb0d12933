import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateKeyPairCommand, DeleteKeyPairCommand, DescribeKeyPairsCommand, ImportKeyPairCommand } from '@aws-sdk/client-ec2';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { refusal, startEc2, type TestEc2 } from './server.ts';

interface KeyFile {
  readonly path: string;
  readonly publicKey: string;
}

let folder: string;
let ed25519: KeyFile;
let rsa: KeyFile;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keys-'));
  const make = (type: string, bits: string): KeyFile => {
    const path = join(folder, `${type}-${bits}`);
    execFileSync('ssh-keygen', ['-q', '-t', type, '-b', bits, '-N', '', '-C', 'me@home', '-f', path]);
    return { path, publicKey: readFileSync(`${path}.pub`, 'utf8') };
  };
  ed25519 = make('ed25519', '256');
  rsa = make('rsa', '2048');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let test: TestEc2;
beforeEach(async () => {
  test = await startEc2();
});
afterEach(() => test.stop());

const importKey = (KeyName: string, text: string) =>
  test.client.send(new ImportKeyPairCommand({ KeyName, PublicKeyMaterial: new TextEncoder().encode(text) }));
const names = async () => (await test.client.send(new DescribeKeyPairsCommand({}))).KeyPairs?.map(({ KeyName }) => KeyName);

describe('an imported key pair', () => {
  it('of type ed25519 has the fingerprint of OpenSSH, with padding', async () => {
    const printed = execFileSync('ssh-keygen', ['-l', '-f', `${ed25519.path}.pub`], { encoding: 'utf8' });
    const fingerprint = /SHA256:(\S+)/.exec(printed)?.[1];
    const imported = await importKey('mine', ed25519.publicKey);
    expect(imported.KeyFingerprint).toBe(`${fingerprint}=`);
    expect(imported.KeyPairId).toMatch(/^key-[0-9a-f]{17}$/);
  });

  it('of type RSA has the MD5 of its DER form', async () => {
    const pem = execFileSync('ssh-keygen', ['-e', '-m', 'PKCS8', '-f', `${rsa.path}.pub`]);
    const der = execFileSync('openssl', ['pkey', '-pubin', '-outform', 'DER'], { input: pem });
    const digest = execFileSync('openssl', ['md5', '-c'], { input: der, encoding: 'utf8' });
    expect((await importKey('mine', rsa.publicKey)).KeyFingerprint).toBe(/([0-9a-f]{2}:){15}[0-9a-f]{2}/.exec(digest)?.[0]);
  });

  it('is described with its public key on request', async () => {
    const { KeyPairId, KeyFingerprint } = await importKey('mine', ed25519.publicKey);
    const [type, base64] = ed25519.publicKey.split(' ');
    const described = { KeyPairId, KeyName: 'mine', KeyType: 'ed25519', KeyFingerprint, CreateTime: expect.any(Date), Tags: [] };
    const all = (IncludePublicKey?: boolean) => test.client.send(new DescribeKeyPairsCommand({ KeyNames: ['mine'], IncludePublicKey }));
    expect((await all()).KeyPairs).toEqual([described]);
    expect((await all(true)).KeyPairs).toEqual([{ ...described, PublicKey: `${type} ${base64} mine` }]);
  });

  it('has a unique name', async () => {
    await importKey('mine', ed25519.publicKey);
    expect(await refusal(importKey('mine', rsa.publicKey))).toEqual({
      code: 'InvalidKeyPair.Duplicate',
      message: "The keypair 'mine' already exists.",
      status: 400,
    });
    expect(await refusal(importKey('mïne', rsa.publicKey))).toMatchObject({ code: 'InvalidParameterValue' });
    await importKey('Mine', rsa.publicKey);
  });

  it('must have the public key format of OpenSSH', async () => {
    const [, base64 = ''] = ed25519.publicKey.split(' ');
    const small = join(folder, 'small');
    execFileSync('openssl', ['genrsa', '-out', small, '1536'], { stdio: 'ignore' });
    const smallKey = execFileSync('ssh-keygen', ['-y', '-f', small], { encoding: 'utf8' });
    const unusable = [
      '',
      'mine',
      readFileSync(ed25519.path, 'utf8'),
      `ssh-rsa ${base64}`,
      `ssh-ed25519 ${base64.slice(0, -4)}`,
      `ssh-ed25519 ${base64}AAAA`,
      'ssh-ed25519 AAAA',
      smallKey,
    ];
    for (const text of unusable)
      expect(await refusal(importKey('mine', text)), text).toEqual({
        code: 'InvalidKey.Format',
        message: 'Key is not in valid OpenSSH public key format',
        status: 400,
      });
    expect(await names()).toEqual([]);
  });

  it('is found by name and ID', async () => {
    const { KeyPairId = '' } = await importKey('mine', ed25519.publicKey);
    await importKey('yours', rsa.publicKey);
    const found = async (input: { KeyNames?: string[]; KeyPairIds?: string[] }) =>
      (await test.client.send(new DescribeKeyPairsCommand(input))).KeyPairs?.map(({ KeyName }) => KeyName);
    expect(await found({ KeyNames: ['yours'] })).toEqual(['yours']);
    expect(await found({ KeyPairIds: [KeyPairId] })).toEqual(['mine']);
    expect(await refusal(found({ KeyNames: ['theirs', 'mine'] }))).toEqual({
      code: 'InvalidKeyPair.NotFound',
      message: "The key pair 'theirs' does not exist",
      status: 400,
    });
    expect(await refusal(found({ KeyPairIds: ['key-00000000000000000'] }))).toMatchObject({ code: 'InvalidKeyPair.NotFound' });
  });

  it('is deleted by name or ID, even if it does not exist', async () => {
    const { KeyPairId } = await importKey('mine', ed25519.publicKey);
    await importKey('yours', rsa.publicKey);
    expect(await test.client.send(new DeleteKeyPairCommand({ KeyName: 'yours' }))).toMatchObject({ Return: true });
    expect(await names()).toEqual(['mine']);
    expect(await test.client.send(new DeleteKeyPairCommand({ KeyPairId }))).toMatchObject({ Return: true, KeyPairId });
    expect(await names()).toEqual([]);
    await test.client.send(new DeleteKeyPairCommand({ KeyName: 'mine' }));
    await test.client.send(new DeleteKeyPairCommand({ KeyPairId }));
    expect(await refusal(test.client.send(new DeleteKeyPairCommand({})))).toMatchObject({ code: 'MissingParameter' });
  });

  it('is never created here, because that would send a private key', async () => {
    expect(await refusal(test.client.send(new CreateKeyPairCommand({ KeyName: 'mine' })))).toMatchObject({ code: 'UnsupportedOperation' });
  });
});
