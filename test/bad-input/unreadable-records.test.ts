import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { ListExecutionsCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, describe, expect, it } from 'vitest';
import { keyOf, readEnvironment } from '../../aws/records/read/environment.ts';
import { networkKey } from '../../aws/records/read/network.ts';
import { type Attributes, type Key, readAttributes } from '../../aws/records/read/table.ts';
import { stateMachineArn } from '../../core/executions.ts';
import { tableName } from '../../core/names.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import { replaceItem } from '../harness/former.ts';
import { expectConverged, expectNothing } from '../harness/inventory.ts';
import { letGo } from '../harness/pace.ts';
import type { User } from '../harness/users.ts';
import { wipe } from '../harness/wipe.ts';
import { begin, ended, runStart, runUninstall, somePublicKey } from '../harness/workflows.ts';

const subject = { owner: 'alice', repository: 'acme/api' };
const item = `The item environment alice/acme/api of the table ${tableName}`;

/** What is wrong with a record, and how commands say so. */
const kinds = {
  damaged: { change: { uid: 7 }, name: 'RecordDamaged', message: `${item} is damaged: uid: Invalid type: Expected string but received 7.` },
  newer: {
    change: { format: 3 },
    name: 'RecordNewerThanCli',
    message: `${item} has the format 3. This version reads formats up to 2.`,
  },
} as const;
const cases = Object.entries(kinds).map(([kind, expected]) => ({ kind, ...expected }));

let aws: TestAws;
let alice: User;
deployForTests((deployed, user) => {
  aws = deployed;
  alice = user('alice');
});
afterEach(async () => {
  letGo(aws);
  await wipe(aws);
});

describe.each(cases)('a record that is $kind', ({ change, name, message }) => {
  it('is a warning in a list, which shows the others', async () => {
    await runStart(aws, { repository: 'acme/web' });
    await runStart(aws);
    await make(keyOf(subject), change);
    expect(await alice.prints(['list'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^REPOSITORY.*\nacme\/web +started.*\n$/),
      stderr: `! ${message}\n`,
    });
    const { json, stderr } = await alice.run(['list', '--all', '--json']);
    expect(json).toMatchObject([{ repository: 'acme/web', status: 'started' }]);
    expect(stderr).toContain(message);
    expect((await alice.prints(['stop', 'acme/web'])).code).toBe(0);
  });

  it.each([
    ['status', 'acme/api'],
    ['start', 'acme/api'],
    ['stop', 'acme/api'],
    ['restart', 'acme/api'],
    ['remove', 'acme/api', '--force'],
    ['uninstall', '--force'],
  ])('is named by %s, which changes nothing', async (...args) => {
    await runStart(aws);
    const made = await make(keyOf(subject), change);
    expectFailure(await alice.prints(args), ['aws', ...args], { name, message });
    expect(await readAttributes(aws.clients.dynamodb, keyOf(subject))).toEqual(made);
  });

  it('fails a Lambda that meets it, with a next step for its reader', async () => {
    await runStart(aws);
    await make(keyOf(subject), change);
    const inStep = name === 'RecordNewerThanCli' ? 'RecordNewerThanStack' : name;
    const input = { caller: 'alice', environment: subject };
    for (const [kind, given] of [
      ['start', { ...input, request: { publicKey: somePublicKey } }],
      ['stop', input],
      ['restart', input],
      ['remove', input],
    ] as const) {
      expect(await ended(aws, await begin(aws, kind, given))).toMatchObject({
        status: 'FAILED',
        error: inStep,
        cause: expect.stringContaining(message),
      });
    }
    expect(await runUninstall(aws)).toMatchObject({ status: 'FAILED', error: inStep, cause: expect.stringContaining(message) });
  });

  it('is passed over by a sweep, which stops the others', async () => {
    const autoStop = { kind: 'after', minutes: 60 } as const;
    await runStart(aws, { autoStop });
    await runStart(aws, { repository: 'acme/web', autoStop });
    await make(keyOf(subject), change);
    aws.clock.advance(61 * 60_000);
    const known = new Set(await stops());
    expect(await sweep()).toMatchObject({ status: 'SUCCEEDED' });
    const [stop = '', ...others] = (await stops()).filter((executionArn) => !known.has(executionArn));
    expect(others).toEqual([]);
    expect(await ended(aws, stop)).toMatchObject({ status: 'SUCCEEDED', output: { repository: 'acme/web' } });
  });

  it('stops nobody once it is deleted: the next start finds what there is', async () => {
    const { instanceId } = (await alice.run(['start', 'acme/api', '--json'])).json as { instanceId: string };
    await make(keyOf(subject), change);
    await aws.clients.dynamodb.send(new DeleteItemCommand({ TableName: tableName, Key: marshall(keyOf(subject)) }));
    expect((await alice.run(['start', 'acme/api', '--json'])).json).toMatchObject({ instanceId, created: false });
    await expectConverged(aws, 1);
    expect((await alice.prints(['remove', 'acme/api', '--force'])).code).toBe(0);
    expect((await alice.prints(['uninstall', '--force'])).code).toBe(0);
    await expectNothing(aws);
  });

  it('is usable again once it is corrected', async () => {
    await alice.run(['start', 'acme/api']);
    const before = await readAttributes(aws.clients.dynamodb, keyOf(subject));
    await make(keyOf(subject), change);
    await replaceItem(aws.clients.dynamodb, keyOf(subject), { ...before });
    expect((await alice.prints(['stop', 'acme/api'])).code).toBe(0);
    expect(await readEnvironment(aws.clients.dynamodb, subject)).toMatchObject({ wanted: { power: 'off' } });
  });
});

describe('the record of the network that is damaged', () => {
  it('is named, and made again by the next start once it is deleted', async () => {
    await alice.run(['start', 'acme/api']);
    await make(networkKey, { ids: 'none' });
    const message = `The item network network of the table ${tableName} is damaged: `;
    const started = await alice.run(['start', 'acme/api', '--json']);
    expect(started).toMatchObject({ code: 1, json: { error: { name: 'RecordDamaged', message: expect.stringContaining(message) } } });
    await aws.clients.dynamodb.send(new DeleteItemCommand({ TableName: tableName, Key: marshall(networkKey) }));
    expect((await alice.prints(['start', 'acme/api'])).code).toBe(0);
    await expectConverged(aws, 1);
  });
});

it('each error of this file is provoked', () => expectAllRaised(raisedBy['unreadable-records']));

/** Changes a record by hand. Resolves to the item as it is then. */
async function make(key: Key, change: Attributes): Promise<Attributes> {
  const changed = { ...(await readAttributes(aws.clients.dynamodb, key)), ...change };
  await replaceItem(aws.clients.dynamodb, key, changed);
  return changed;
}

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
