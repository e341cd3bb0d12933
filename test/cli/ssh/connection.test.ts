import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EnvironmentFolder, environmentFolder } from '../../../cli/files/environment-folder.ts';
import { prepareConnection } from '../../../cli/ssh/connection.ts';
import { ensureKeyPair } from '../../../cli/ssh/keys.ts';
import { rememberFolder } from '../../../cli/workspace/remembered-folder.ts';
import type { Environment, Observed } from '../../../core/environment.ts';

let home: string;
let files: EnvironmentFolder;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'recode-connection-'));
  files = filesIn(home);
});
afterEach(() => rmSync(home, { recursive: true }));

const filesIn = (XDG_DATA_HOME: string) =>
  environmentFolder({ accountId: '111122223333', region: 'eu-west-1', owner: 'alice', repository: 'acme/api' }, { XDG_DATA_HOME });

const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKq5 host';
const observed: Observed = {
  ...{ instanceId: 'i-1', instanceType: 'm6g.large', architecture: 'arm64', hostKey },
  ...{ state: 'running', publicIpAddress: '203.0.113.7', at: '2026-11-02T12:00:00Z' },
};

const environmentOf = (publicKey: string, changes: Partial<Observed> = {}): Environment => ({
  format: 2,
  uid: 'one',
  owner: 'alice',
  repository: 'acme/api',
  name: 'acme-api',
  wanted: { instanceType: 't2.medium', volumeSize: 16, volumeType: 'gp2', allowCidrs: ['0.0.0.0/0'], publicKey, power: 'on' },
  observed: { ...observed, ...changes },
  createdAt: '2026-11-01T12:00:00Z',
  updatedAt: '2026-11-02T12:00:00Z',
});
const noKey = `This machine has no SSH key that acme/api accepts. It would be in `;

describe('prepareConnection', () => {
  it('makes the command connect to where the environment is now', () => {
    const { publicKey } = ensureKeyPair(files.key, '');
    for (const publicIpAddress of ['203.0.113.7', '203.0.113.8']) {
      expect(prepareConnection(files, environmentOf(publicKey, { publicIpAddress }))).toEqual({
        sshConfigFile: files.sshConfig,
        sshCommand: `ssh -F ${files.sshConfig} acme-api`,
        host: 'acme-api',
        address: publicIpAddress,
        alias: 'acme-api.recode',
        workspaceFolder: null,
      });
      expect(readFileSync(join(files.aliases, 'acme-api.recode'), 'utf8')).toContain(`HostName ${publicIpAddress}\n`);
      expect(readFileSync(files.sshConfig, 'utf8')).toContain(`HostName ${publicIpAddress}\n`);
      expect(readFileSync(files.knownHosts, 'utf8')).toContain(`[${publicIpAddress}]:2200 ssh-ed25519 `);
    }
  });

  it('shows the folder that was seen on this instance, not on the one before', () => {
    const { publicKey } = ensureKeyPair(files.key, '');
    rememberFolder(files, '/home/dev/workspace/api', 'i-1');
    expect(prepareConnection(files, environmentOf(publicKey))).toMatchObject({ workspaceFolder: '/home/dev/workspace/api' });
    expect(prepareConnection(files, environmentOf(publicKey, { instanceId: 'i-2' }))).toMatchObject({ workspaceFolder: null });
  });

  it('says that this machine does not have the key, and writes nothing', () => {
    const refused = { sshCommand: null, error: { name: 'PrivateKeyNotHere', message: `${noKey}${files.key}.` } };
    expect(prepareConnection(files, environmentOf('ssh-ed25519 AAAA'))).toMatchObject(refused);
    expect(existsSync(files.folder)).toBe(false);
    ensureKeyPair(files.key, 'another one');
    expect(prepareConnection(files, environmentOf('ssh-ed25519 AAAA'))).toMatchObject(refused);
    expect(existsSync(files.sshConfig)).toBe(false);
  });

  it('says why the key is not usable, or the files cannot be written', () => {
    const { publicKey } = ensureKeyPair(files.key, '');
    rmSync(join(files.key, 'id_ed25519.pub'));
    expect(prepareConnection(files, environmentOf(publicKey))).toMatchObject({ sshCommand: null, error: { name: 'PublicKeyNotValid' } });
    writeFileSync(join(home, 'file'), '');
    const broken = prepareConnection(filesIn(join(home, 'file')), environmentOf(publicKey));
    expect(broken).toMatchObject({ sshCommand: null, error: { name: 'FileInPlaceOfFolder' } });
  });

  it('does nothing for an environment that is not started, or that has no address or host key', () => {
    const { wanted, ...environment } = environmentOf(ensureKeyPair(files.key, '').publicKey);
    const { publicIpAddress: _, ...withoutAddress } = observed;
    const { hostKey: __, ...withoutHostKey } = observed;
    for (const seen of [{ ...observed, state: 'stopped' as const }, withoutAddress, withoutHostKey])
      expect(prepareConnection(files, { ...environment, wanted, observed: seen })).toBeUndefined();
    expect(existsSync(files.sshConfig)).toBe(false);
  });
});
