import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ListExecutionsCommand, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { networkKey, readNetwork } from '../../aws/records/read/network.ts';
import { stateMachineArn } from '../../core/executions.ts';
import { formerAttributes } from '../../core/format-1.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectFailure } from '../harness/failure.ts';
import { recordAsFormer, recordNetworkAsFormer, replaceItem } from '../harness/former.ts';
import { expectConverged, expectNothing, inventory } from '../harness/inventory.ts';
import { beginHeld, letGo, type Place } from '../harness/pace.ts';
import { recode } from '../harness/recode.ts';
import type { User } from '../harness/users.ts';
import { wipe } from '../harness/wipe.ts';
import { ended, runRemove, runStart, runStop, somePublicKey } from '../harness/workflows.ts';

/** A table that the version before format 2 wrote, under a stack of this one. */

const subject = { owner: 'alice', repository: 'acme/api' };
const hour = 3_600_000;

let aws: TestAws;
let alice: User;
deployForTests((deployed, user) => {
  aws = deployed;
  alice = user('alice');
});
afterEach(async () => {
  letGo(aws);
  await aws.post('eventbridge', { on: false });
  await wipe(aws);
});

/** The records as the version before wrote them, with the ids of what there is. */
async function former(situation: string, network = 'ready'): Promise<void> {
  await recordAsFormer(aws.clients.dynamodb, subject, situation);
  await recordNetworkAsFormer(aws.clients.dynamodb, network);
}

async function expectSuccess(args: readonly string[]): Promise<void> {
  const { code, stderr } = await alice.prints(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

describe('an environment that an older version recorded', () => {
  it.each([
    ['started', 'start', 'started'],
    ['started', 'stop', 'stopped'],
    ['started', 'restart', 'started'],
    ['started, taken', 'stop', 'stopped'],
    ['starting, failed', 'start', 'started'],
    ['starting, held, from started', 'stop', 'stopped'],
    ['stopping, failed', 'stop', 'stopped'],
    ['stopping, held', 'restart', 'started'],
    ['stopped', 'start', 'started'],
    ['stopped', 'stop', 'stopped'],
    ['stopped, taken', 'restart', 'started'],
    ['creating, failed', 'start', 'started'],
  ] as const)('%s: recode aws %s makes it %s', async (situation, command, status) => {
    await alice.run(['start', 'acme/api']);
    if (situation.startsWith('stopped')) await alice.run(['stop', 'acme/api']);
    await former(situation);
    await expectSuccess([command, 'acme/api']);
    await expectUpToDate(status);
  });

  it.each(['started', 'stopped', 'creating, held', 'removing, failed', 'removing, held'])(
    '%s: is removed, and Recode uninstalled after that',
    async (situation) => {
      await alice.run(['start', 'acme/api']);
      await former(situation);
      const refused = await alice.run(['uninstall', '--force']);
      const message = 'Environments still exist in this region: acme/api of alice.';
      expectFailure(refused, ['aws', 'uninstall', '--force'], { name: 'EnvironmentsStillExist', message });
      await expectSuccess(['remove', 'acme/api', '--force']);
      await expectSuccess(['uninstall', '--force']);
      await expectNothing(aws);
    },
  );

  it('is listed and shown with the status that it had', async () => {
    await alice.run(['start', 'acme/api']);
    for (const [situation, status] of [
      ['creating, failed', 'creating'],
      ['starting, failed', 'starting'],
      ['started', 'started'],
      ['stopping, failed', 'stopping'],
      ['stopped', 'stopped'],
      ['removing, failed', 'removing'],
    ] as const) {
      await former(situation);
      expect((await alice.run(['list', '--json'])).json, situation).toMatchObject([{ repository: 'acme/api', status }]);
      expect((await alice.run(['status', 'acme/api', '--json'])).json, situation).toMatchObject({ repository: 'acme/api', status });
    }
    const item = (await inventory(aws)).items?.find(({ kind }) => kind === 'environment');
    expect(item, 'what was only read').not.toHaveProperty('format');
  });

  it('is found by the first sweep of an hour after it is due, and stopped', async () => {
    await runStart(aws, { autoStop: { kind: 'after', minutes: 120 } });
    await former('started');
    const known = await stops();
    // The index does not have it: the version before wrote no entry.
    aws.clock.advance(hour - (aws.clock.now() % hour));
    expect(await sweep()).toMatchObject({ status: 'SUCCEEDED' });
    expect(await stops()).toEqual(known);
    aws.clock.advance(2 * hour);
    expect(await sweep()).toMatchObject({ status: 'SUCCEEDED' });
    const [stop = '', ...others] = (await stops()).filter((executionArn) => !known.includes(executionArn));
    expect(others).toEqual([]);
    expect(await ended(aws, stop)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await readEnvironment(aws.clients.dynamodb, subject)).toMatchObject({ format: 2, observed: { state: 'stopped' } });
  });
});

describe('an execution that ran during the upgrade', () => {
  const start = { caller: 'alice', environment: subject, request: { publicKey: somePublicKey } };
  const other = { caller: 'alice', environment: subject };
  const cases: readonly (readonly [Place, object, situation: string, network: string, end: 'started' | 'stopped' | 'removed'])[] = [
    ['networking', start, 'creating, held', 'creating, held', 'started'],
    ['creating', start, 'creating, held', 'ready', 'started'],
    ['starting', start, 'starting, held, from stopped', 'ready', 'started'],
    ['stopping', other, 'stopping, held', 'ready', 'stopped'],
    ['restarting', other, 'starting, held, from started', 'ready', 'started'],
    ['removing', other, 'removing, held', 'ready', 'removed'],
  ];

  async function prepare(place: Place): Promise<void> {
    if (place !== 'networking' && place !== 'creating') await runStart(aws);
    // The network is there, the environment is not.
    if (place === 'creating') await runStart(aws).then(() => runRemove(aws));
    if (place === 'starting') await runStop(aws);
  }

  it.each(cases)('ends well: %s', async (place, input, situation, network, end) => {
    await prepare(place);
    const executionArn = await beginHeld(aws, place, input);
    await former(situation, network);
    letGo(aws);
    expect(await ended(aws, executionArn)).toMatchObject({ status: 'SUCCEEDED', output: { status: end } });
    if (end === 'removed') expect((await inventory(aws)).items?.map(({ kind }) => kind)).toEqual(['network']);
    else await expectUpToDate(end);
  });

  it.each(cases)('leaves what the next operation continues when it is stopped: %s', async (place, input, situation, network) => {
    await aws.post('eventbridge', { on: true });
    await prepare(place);
    const executionArn = await beginHeld(aws, place, input);
    await former(situation, network);
    await aws.clients.sfn.send(new StopExecutionCommand({ executionArn }));
    letGo(aws);
    await vi.waitFor(
      async () =>
        expect(await readEnvironment(aws.clients.dynamodb, subject)).toMatchObject({
          lock: { quietUntil: expect.any(Number) },
          lastError: { name: 'ExecutionAborted' },
        }),
      { timeout: 20_000, interval: 50 },
    );
    const [environment] = (await inventory(aws)).items?.filter(({ kind }) => kind === 'environment') ?? [];
    expectNothingFormer(environment);
    expect(await runRemove(aws)).toMatchObject({ status: 'SUCCEEDED', output: { status: 'removed' } });
  });

  it('uninstalls', async () => {
    await runStart(aws);
    await runRemove(aws);
    const executionArn = await beginHeld(aws, 'uninstalling', { caller: 'alice' });
    await recordNetworkAsFormer(aws.clients.dynamodb, 'deleting, incomplete');
    letGo(aws);
    expect(await ended(aws, executionArn)).toMatchObject({ status: 'SUCCEEDED', output: { status: 'uninstalled' } });
    await expectNothing(aws);
  });
});

it('a state directory of the embedded AWS that an older version used goes on being used', async () => {
  const own = mkdtempSync(join(tmpdir(), 'recode-upgrade-local-'));
  const run = (...args: string[]) => recode(['aws', ...args, '--local'], { directory: own });
  try {
    expect((await run('start', 'acme/api')).code).toBe(0);
    const [listed] = (await run('list', '--json')).json as { owner: string; instanceId: string }[];
    const { environment } = (await recode(['local', 'up', '--json'], { directory: own })).json as { environment: Record<string, string> };
    const dynamodb = new DynamoDBClient({
      endpoint: environment.AWS_ENDPOINT_URL ?? '',
      region: environment.AWS_REGION ?? '',
      credentials: { accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '' },
    });
    await recordAsFormer(dynamodb, { owner: listed?.owner ?? '', repository: 'acme/api' }, 'started');
    await recordNetworkAsFormer(dynamodb, 'ready');
    dynamodb.destroy();
    expect((await recode(['local', 'down'], { directory: own })).code).toBe(0);
    expect((await run('list', '--json')).json).toMatchObject([{ status: 'started', instanceId: listed?.instanceId }]);
    expect((await run('stop', 'acme/api', '--json')).json).toMatchObject({ status: 'stopped', instanceId: listed?.instanceId });
    expect((await run('start', 'acme/api', '--json')).json).toMatchObject({ status: 'started', instanceId: listed?.instanceId });
    expect((await run('remove', 'acme/api', '--force')).code).toBe(0);
    expect((await run('uninstall', '--force')).code).toBe(0);
  } finally {
    await recode(['local', 'down'], { directory: own });
    rmSync(own, { recursive: true });
  }
});

async function sweep(): Promise<unknown> {
  const started = await aws.clients.sfn.send(
    new StartExecutionCommand({ stateMachineArn: stateMachineArn(aws, 'auto-stop'), input: '{}' }),
  );
  return ended(aws, started.executionArn ?? '');
}

async function stops(): Promise<string[]> {
  const { executions = [] } = await aws.clients.sfn.send(new ListExecutionsCommand({ stateMachineArn: stateMachineArn(aws, 'stop') }));
  return executions.map(({ executionArn = '' }) => executionArn);
}

/** Checks that the account is as if this version had recorded everything. */
async function expectUpToDate(status: 'started' | 'stopped'): Promise<void> {
  const { dynamodb } = aws.clients;
  const { items = [] } = await inventory(aws);
  expectNothingFormer(items.find(({ kind }) => kind === 'environment'));
  // Operations on an environment only read a network that is complete: its record keeps its format until an uninstall.
  await replaceItem(dynamodb, networkKey, { ...(await readNetwork(dynamodb)) });
  await expectConverged(aws, 1, status);
}

function expectNothingFormer(environment: Record<string, unknown> | undefined): void {
  expect(environment).toMatchObject({ format: 2 });
  for (const name of formerAttributes) expect(environment).not.toHaveProperty(name);
}
