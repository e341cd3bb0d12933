import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Account } from '../../cli/account.ts';
import { statusWords, viewOf } from '../../cli/environment-view.ts';
import { environmentFolder } from '../../cli/ssh/folder.ts';
import { ensureKeyPair } from '../../cli/ssh/keys.ts';
import type { Environment, Observed } from '../../core/environment.ts';

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

const at = '2026-11-02T12:00:00Z';

/** An environment whose key is that of this machine, or another one. */
function environmentOf(publicKey = 'ssh-ed25519 AAAA'): Environment & { readonly observed: Observed } {
  return {
    format: 2,
    uid: 'one',
    owner: 'alice',
    repository: 'acme/api',
    name: 'acme-api',
    wanted: { instanceType: 't2.medium', volumeSize: 16, volumeType: 'gp2', allowCidrs: ['0.0.0.0/0'], publicKey, power: 'on' },
    observed: { ...instance, state: 'running', publicIpAddress: '203.0.113.7', at },
    createdAt: '2026-11-01T12:00:00Z',
    updatedAt: at,
  };
}
function creating(changes: Partial<Environment> = {}): Environment {
  const { name, observed, ...common } = environmentOf();
  return { ...common, ...changes };
}

describe('viewOf', () => {
  it('shows what is not there yet as null, and the type that was asked for', () => {
    expect(viewOf(account, creating({ lock: operation }))).toEqual({
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
      const view = viewOf(account, withAddress(environmentOf(publicKey), publicIpAddress));
      expect(view).toMatchObject({ instanceId: 'i-1', instanceType: 'm6g.large', publicIpAddress });
      expect(view).toMatchObject({ host: publicIpAddress, port: 2200, user: 'recode', sshConfigFile: files().sshConfig });
      expect(view.sshCommand).toBe(`ssh -F ${files().sshConfig} acme-api`);
      expect(readFileSync(files().sshConfig, 'utf8')).toContain(`HostName ${publicIpAddress}\n`);
      expect(readFileSync(files().knownHosts, 'utf8')).toContain(`[${publicIpAddress}]:2200 ssh-ed25519 `);
    }
  });

  it('shows when it stops by itself, while it is started', () => {
    const stopAt = '2026-11-02T20:00:00.000Z';
    const { wanted, ...rest } = environmentOf();
    const stopping = { ...rest, wanted: { ...wanted, stopAt } };
    expect(viewOf(account, stopping).stopAt).toBe(stopAt);
    expect(viewOf(account, environmentOf()).stopAt).toBeNull();
    expect(viewOf(account, { ...stopping, observed: { ...rest.observed, state: 'stopping' } }).stopAt).toBeNull();
  });

  it('shows a started environment without an address, or without its host key, as one that nobody can connect to', () => {
    const { publicKey } = ensureKeyPair(files().key, '');
    const { observed, ...rest } = environmentOf(publicKey);
    const connection = { publicIpAddress: null, host: null, sshConfigFile: null, sshCommand: null };
    expect(viewOf(account, withAddress(environmentOf(publicKey)))).toMatchObject({ status: 'started', ...connection });
    const { hostKey, ...without } = observed;
    expect(viewOf(account, { ...rest, observed: without })).toMatchObject({ host: '203.0.113.7', sshConfigFile: null, sshCommand: null });
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

/** The same environment as EC2 shows it with another address, or with none. */
function withAddress({ observed: { publicIpAddress: _, ...observed }, ...rest }: ReturnType<typeof environmentOf>, address?: string) {
  return { ...rest, observed: { ...observed, ...(address !== undefined && { publicIpAddress: address }) } };
}

describe('statusWords', () => {
  const words = (environment: Environment) => statusWords(viewOf(account, environment));

  it('tells that the last operation has failed', () => {
    expect(words(creating({ lastError }))).toBe('creating (failed)');
    expect(words(creating({ lastError, lock: operation }))).toBe('creating');
    expect(words({ ...environmentOf(), lastError })).toBe('started (failed)');
  });

  it('tells nothing of a refusal that left an environment as it was, and nothing more of one without its instance', () => {
    const refused = { ...lastError, name: 'UninstallInProgress' };
    expect(words({ ...environmentOf(), lastError: refused })).toBe('started');
    expect(words(creating({ lastError: refused }))).toBe('creating (failed)');
    expect(words({ ...environmentOf(), observed: { ...environmentOf().observed, state: 'gone' }, lastError })).toBe('gone');
  });
});
