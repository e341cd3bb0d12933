import { describe, expect, it } from 'vitest';
import { statusWords, viewOf } from '../../cli/environment-view.ts';
import type { Prices } from '../../core/cost.ts';
import type { Environment, Observed } from '../../core/environment.ts';

const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKq5 host';
const instance = { instanceId: 'i-1', instanceType: 'm6g.large', architecture: 'arm64', hostKey } as const;
const operation = { executionArn: 'arn:one', kind: 'start', owner: 'bob', startedAt: '2026-11-01T12:00:00Z' } as const;
const lastError = { name: 'NoCapacity', message: 'None.', at: '2026-11-01T12:00:00Z' };

function environmentOf(): Environment & { readonly observed: Observed } {
  const publicKey = 'ssh-ed25519 AAAA';
  return {
    format: 2,
    uid: 'one',
    owner: 'alice',
    repository: 'acme/api',
    name: 'acme-api',
    wanted: { instanceType: 't2.medium', volumeSize: 16, volumeType: 'gp2', allowCidrs: ['0.0.0.0/0'], publicKey, power: 'on' },
    observed: { ...instance, state: 'running', publicIpAddress: '203.0.113.7', at: '2026-11-02T12:00:00Z' },
    createdAt: '2026-11-01T12:00:00Z',
    updatedAt: '2026-11-02T12:00:00Z',
  };
}
function creating(changes: Partial<Environment> = {}): Environment {
  const { name, observed, ...common } = environmentOf();
  return { ...common, ...changes };
}

describe('viewOf', () => {
  it('shows since when it runs, and what that costs', () => {
    const environment = environmentOf();
    const launchedAt = '2026-11-02T09:00:00.000Z';
    const running = { ...environment, observed: { ...environment.observed, launchedAt } };
    const prices: Prices = {
      currency: 'CNY',
      instanceHour: () => 0.077,
      volumeMonth: () => 0.1,
      addressHour: 0.005,
      snapshotMonth: undefined,
      missing: 'not-in-price-list',
    };
    const now = Date.parse('2026-11-02T12:00:00Z');
    // 687 of 720 hours to the end of the month; the volume exists since 12:00 on the first.
    const monthEstimate = Number((687 * 0.082 + (1.6 * 708) / 720).toFixed(4));
    expect(viewOf(running, undefined, prices, now)).toMatchObject({
      startedAt: launchedAt,
      costPerHour: 0.082,
      monthEstimate,
      currency: 'CNY',
      costUnknown: null,
    });
    const stopped = { ...running, observed: { ...running.observed, state: 'stopped' } } as const;
    expect(viewOf(stopped, undefined, prices, now)).toMatchObject({ startedAt: null, costPerHour: 0.082 });
    expect(viewOf(environment, undefined, prices, now)).toMatchObject({
      startedAt: null,
      costPerHour: 0.082,
      monthEstimate: null,
      costUnknown: 'start-not-recorded',
    });
  });

  it('shows what is not there yet as null, and the type that was asked for', () => {
    expect(viewOf(creating({ lock: operation }))).toEqual({
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
      workspaceFolder: null,
      allowCidrs: ['0.0.0.0/0'],
      autoStop: null,
      idleStop: null,
      stopAt: null,
      startedAt: null,
      goneSince: null,
      costPerHour: null,
      monthEstimate: null,
      currency: null,
      costUnknown: null,
      executionArn: 'arn:one',
      created: false,
      changed: false,
      operation: { kind: 'start', owner: 'bob', startedAt: '2026-11-01T12:00:00Z' },
      lastError: null,
      transferTo: null,
      transferFrom: null,
      createdAt: '2026-11-01T12:00:00Z',
      updatedAt: '2026-11-02T12:00:00Z',
    });
  });

  it('shows where SSH is, and the command that connects', () => {
    const files = {
      sshConfigFile: '/keys/ssh_config',
      sshCommand: 'ssh -F /keys/ssh_config acme-api',
      workspaceFolder: '/home/recode/workspace/api',
    };
    const connection = { ...files, host: 'acme-api', address: '203.0.113.7', alias: 'acme-api.recode' };
    const shown = { instanceId: 'i-1', instanceType: 'm6g.large', host: '203.0.113.7', port: 2200, user: 'recode' };
    expect(viewOf(environmentOf(), connection)).toMatchObject({ ...shown, ...files });
    expect(viewOf(environmentOf())).toMatchObject({ ...shown, sshConfigFile: null, sshCommand: null, workspaceFolder: null });
  });

  it('shows when it stops automatically, while it is started', () => {
    const stopAt = '2026-11-02T20:00:00.000Z';
    const { wanted, observed, ...rest } = environmentOf();
    const due = { ...rest, observed, wanted: { ...wanted, stopAt } };
    expect(viewOf(due).stopAt).toBe(stopAt);
    expect(viewOf(environmentOf()).stopAt).toBeNull();
    expect(viewOf({ ...due, observed: { ...observed, state: 'stopping' } })).toMatchObject({ stopAt: null, host: null });
  });

  it('shows a started environment without an address as one without SSH', () => {
    const { observed, ...rest } = environmentOf();
    const { publicIpAddress: _, ...withoutAddress } = observed;
    const view = viewOf({ ...rest, observed: withoutAddress });
    expect(view).toMatchObject({ status: 'started', publicIpAddress: null, host: null, port: null, user: null });
  });
});

describe('statusWords', () => {
  const words = (environment: Environment) => statusWords(viewOf(environment));

  it('say that the last operation failed', () => {
    expect(words(creating({ lastError }))).toBe('creating (failed)');
    expect(words(creating({ lastError, lock: operation }))).toBe('creating');
    expect(words({ ...environmentOf(), lastError })).toBe('started (failed)');
  });

  it('tell a restart from a start, for which programs have one status', () => {
    const restarting = { ...environmentOf(), lock: { ...operation, kind: 'restart' as const } };
    expect([words(restarting), viewOf(restarting).status]).toEqual(['restarting', 'starting']);
  });

  it('say nothing of a refusal that left an environment as it was, and nothing more of one without its instance', () => {
    const refused = { ...lastError, name: 'UninstallInProgress' };
    expect(words({ ...environmentOf(), lastError: refused })).toBe('started');
    expect(words(creating({ lastError: refused }))).toBe('creating (failed)');
    expect(words({ ...environmentOf(), observed: { ...environmentOf().observed, state: 'gone' }, lastError })).toBe('gone');
  });
});
