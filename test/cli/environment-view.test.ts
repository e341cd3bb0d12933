import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Account } from '../../cli/account.ts';
import { statusWords, viewOf } from '../../cli/environment-view.ts';
import { environmentFolder } from '../../cli/ssh/folder.ts';
import { ensureKeyPair } from '../../cli/ssh/keys.ts';
import type { Environment } from '../../core/environment.ts';

const account: Account = {
  options: { local: false },
  partition: 'aws',
  accountId: '111122223333',
  region: 'eu-west-1',
  owner: 'alice',
  clientConfig: () => {
    throw new Error('A view asks nobody.');
  },
};
const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKq5 host';
const instance = { instanceId: 'i-1', instanceType: 'm6g.large', architecture: 'arm64', hostKey } as const;
const operation = { executionArn: 'arn:one', kind: 'start', owner: 'bob', startedAt: '2026-11-01T12:00:00Z' } as const;
const lastError = { name: 'NoCapacity', message: 'None.', at: '2026-11-01T12:00:00Z' };

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'recode-view-'));
  vi.stubEnv('XDG_DATA_HOME', home);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

const files = () => environmentFolder({ ...account, repository: 'acme/api' }, process.env);

/** An environment whose key is that of this machine, or another one. */
function environmentOf(publicKey = 'ssh-ed25519 AAAA'): Environment & { status: 'started' } {
  return {
    uid: 'one',
    owner: 'alice',
    repository: 'acme/api',
    name: 'acme-api',
    status: 'started',
    request: { instanceType: 't2.medium', volumeSize: 16, volumeType: 'gp2', allowCidrs: ['0.0.0.0/0'], publicKey },
    instance,
    publicIpAddress: '203.0.113.7',
    createdAt: '2026-11-01T12:00:00Z',
    updatedAt: '2026-11-02T12:00:00Z',
  };
}
function creating(changes: Partial<Environment> = {}): Environment {
  const { name, instance, publicIpAddress, ...common } = environmentOf();
  return { ...common, status: 'creating', ...changes } as Environment;
}

describe('viewOf', () => {
  it('shows what is not there yet as null, and the type that was asked for', () => {
    expect(viewOf(account, creating({ operation }))).toEqual({
      repository: 'acme/api',
      owner: 'alice',
      name: null,
      status: 'creating',
      instanceId: null,
      instanceType: 't2.medium',
      volumeSizeGiB: 16,
      volumeType: 'gp2',
      publicIpAddress: null,
      host: null,
      port: null,
      user: null,
      sshConfigFile: null,
      sshCommand: null,
      allowCidrs: ['0.0.0.0/0'],
      autoStop: null,
      stopAt: null,
      executionArn: 'arn:one',
      created: false,
      changed: false,
      operation: { kind: 'start', owner: 'bob', startedAt: '2026-11-01T12:00:00Z' },
      lastError: null,
      createdAt: '2026-11-01T12:00:00Z',
      updatedAt: '2026-11-02T12:00:00Z',
    });
  });

  it('shows the command that connects, and makes it connect to where the environment is now', () => {
    const { publicKey } = ensureKeyPair(files().key, '');
    for (const publicIpAddress of ['203.0.113.7', '203.0.113.8']) {
      const view = viewOf(account, { ...environmentOf(publicKey), publicIpAddress });
      expect(view).toMatchObject({ instanceId: 'i-1', instanceType: 'm6g.large', publicIpAddress });
      expect(view).toMatchObject({ host: publicIpAddress, port: 2200, user: 'recode', sshConfigFile: files().sshConfig });
      expect(view.sshCommand).toBe(`ssh -F ${files().sshConfig} acme-api`);
      expect(readFileSync(files().sshConfig, 'utf8')).toContain(`HostName ${publicIpAddress}\n`);
      expect(readFileSync(files().knownHosts, 'utf8')).toContain(`[${publicIpAddress}]:2200 ssh-ed25519 `);
    }
  });

  it('shows when it stops by itself, while it is started', () => {
    const stopAt = '2026-11-02T20:00:00.000Z';
    expect(viewOf(account, { ...environmentOf(), stopAt }).stopAt).toBe(stopAt);
    expect(viewOf(account, environmentOf()).stopAt).toBeNull();
    const { publicIpAddress, ...rest } = environmentOf();
    expect(viewOf(account, { ...rest, status: 'stopping', stopAt }).stopAt).toBeNull();
  });

  it('shows no command where this machine does not have the key, and makes nothing', () => {
    expect(viewOf(account, environmentOf()).sshCommand).toBeNull();
    expect(existsSync(files().folder)).toBe(false);
    ensureKeyPair(files().key, 'another one');
    expect(viewOf(account, environmentOf()).sshCommand).toBeNull();
    expect(existsSync(files().sshConfig)).toBe(false);
  });

  it('shows the rest where the key is not usable', () => {
    const { publicKey } = ensureKeyPair(files().key, '');
    rmSync(join(files().key, 'id_ed25519.pub'));
    expect(viewOf(account, environmentOf(publicKey))).toMatchObject({ status: 'started', sshCommand: null });
    const file = join(home, 'file');
    writeFileSync(file, '');
    vi.stubEnv('XDG_DATA_HOME', file);
    expect(viewOf(account, environmentOf(publicKey))).toMatchObject({ status: 'started', sshCommand: null });
  });
});

describe('statusWords', () => {
  const words = (environment: Environment) => statusWords(viewOf(account, environment));

  it('tells where an operation has failed half-way', () => {
    expect(words(creating({ lastError }))).toBe('creating (failed)');
    expect(words(creating({ lastError, operation }))).toBe('creating');
    expect(words({ ...environmentOf(), lastError })).toBe('started');
  });
});
