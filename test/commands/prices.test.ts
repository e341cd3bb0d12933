import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeExecutionCommand, ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { embeddedAws, type TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { stateMachineArn } from '../../core/executions.ts';
import { type User, userOf } from '../harness/users.ts';
import { runStart, unattended } from '../harness/workflows.ts';

const hour = 3_600_000;
let aws: TestAws;
let directory: string;
let alice: User;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'recode-prices-'));
  aws = await embeddedAws({ packageDirectory: join(import.meta.dirname, '../../dist/stack'), region: 'eu-west-1' });
  await unattended(aws);
  alice = userOf(aws, 'alice', directory);
});
afterAll(async () => {
  await aws.stop();
  rmSync(directory, { recursive: true });
});

/** The refreshes so far, oldest first. */
async function refreshes(): Promise<string[]> {
  const { executions = [] } = await aws.clients.sfn.send(new ListExecutionsCommand({ stateMachineArn: stateMachineArn(aws, 'prices') }));
  return executions.map(({ executionArn = '' }) => executionArn).reverse();
}

/** Lets an hour pass, and waits for the end of the refresh that the schedule starts. */
async function hourLater(): Promise<{ status: string | undefined; error: string | undefined }> {
  const before = (await refreshes()).length;
  await aws.post('scheduler', { on: true });
  aws.clock.advance(hour);
  await vi.waitFor(async () => expect((await refreshes()).length).toBeGreaterThan(before), { timeout: 30_000 });
  await aws.post('scheduler', { on: false });
  const executionArn = (await refreshes())[before];
  return vi.waitFor(
    async () => {
      const { status, error } = await aws.clients.sfn.send(new DescribeExecutionCommand({ executionArn }));
      expect(status).not.toBe('RUNNING');
      return { status, error };
    },
    { timeout: 120_000 },
  );
}

type Listed = Readonly<Record<'costPerHour' | 'monthEstimate' | 'currency' | 'costUnknown', unknown>>;
const fields = 'costPerHour,monthEstimate,currency,costUnknown';
async function listed(): Promise<Listed[]> {
  return (await alice.run(['list', '--json', fields])).json as Listed[];
}

// The prices of AWS in eu-west-1 that local/src/pricing/README.md names: t3.micro $0.0114, an address $0.005, gp2 $0.11.
describe('the prices of a region', { timeout: 180_000 }, () => {
  it('are read from nothing where Recode is not installed', async () => {
    expect(await hourLater()).toEqual({ status: 'SUCCEEDED', error: undefined });
    expect((await alice.run(['list', '--json'])).json).toEqual([]);
  });

  it('are not known at first, which a list says in JSON', async () => {
    expect(await runStart(aws, { instanceType: 't3.micro', autoStop: { kind: 'never' } })).toMatchObject({ status: 'SUCCEEDED' });
    const unknown = { costPerHour: null, monthEstimate: null, currency: 'USD', costUnknown: 'prices-not-read' };
    expect(await listed()).toEqual([unknown]);
    const { stdout } = await alice.prints(['list']);
    expect(stdout.split('\n')[1]?.split(/ {2,}/).slice(-3, -1)).toEqual(['-', '-']);
  });

  it('stay unknown where the price list may not be read, and the list still works', async () => {
    await aws.post('iam', { deny: [{ action: 'pricing:GetProducts' }] });
    expect(await hourLater()).toEqual({ status: 'FAILED', error: 'PermissionMissing' });
    await aws.delete('iam');
    expect(await listed()).toMatchObject([{ costUnknown: 'prices-not-read' }]);
  });

  it('are known within an hour, in spite of a throttled call, and a list shows them', async () => {
    await aws.post('faults', {
      service: 'pricing',
      action: 'GetProducts',
      kind: 'error',
      code: 'ThrottlingException',
      message: 'Rate exceeded',
      count: 3,
    });
    expect(await hourLater()).toEqual({ status: 'SUCCEEDED', error: undefined });
    expect(await listed()).toEqual([{ costPerHour: 0.0164, monthEstimate: expect.any(Number), currency: 'USD', costUnknown: null }]);
    const { stdout } = await alice.prints(['list']);
    expect(stdout).toMatch(/ \$\/HOUR .*\n.* \$0\.016 {2,}~\$/);
    expect((await alice.prints(['status', 'acme/api'])).stdout).toContain('$0.016 per hour while it runs, ~$');
  });

  it('are read once a day', async () => {
    await aws.delete('calls');
    expect(await hourLater()).toEqual({ status: 'SUCCEEDED', error: undefined });
    const { calls } = (await aws.get('calls')) as { calls: { service: string }[] };
    expect(calls.filter(({ service }) => service === 'pricing')).toEqual([]);
  });

  it('cost a list one read', async () => {
    await aws.delete('calls');
    await listed();
    const { calls } = (await aws.get('calls')) as { calls: { service: string; action: string; functionName?: string }[] };
    expect(
      calls
        .filter(({ service, functionName }) => service === 'dynamodb' && functionName === undefined)
        .map(({ action }) => action)
        .sort(),
    ).toEqual(['GetItem', 'GetItem', 'Query']); // the hours of the owner, the prices, the environments
  });

  it('do not hold up an uninstall', async () => {
    await alice.prints(['remove', 'acme/api', '--force']);
    await alice.prints(['uninstall', '--force']);
    expect((await alice.run(['list', '--json'])).json).toEqual([]);
  });
});
