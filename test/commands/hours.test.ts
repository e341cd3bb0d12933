import { StartInstancesCommand, StopInstancesCommand } from '@aws-sdk/client-ec2';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { forgetHours } from '../../aws/records/hold/hours.ts';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { readHours } from '../../aws/records/read/hours.ts';
import { ifInstalled } from '../../aws/records/read/table.ts';
import { usageOf } from '../../core/hours.ts';
import { deployForTests } from '../harness/deployment.ts';
import type { User } from '../harness/users.ts';
import { runRemove, runRestart, runStart, runStop } from '../harness/workflows.ts';

let aws: TestAws;
let alice: User;
deployForTests((deployed, user) => {
  aws = deployed;
  alice = user('alice');
});

const hour = 3_600_000;
const cap = (hours: number) => aws.post('lambda', { environment: { RECODE_TEAMMATES: 'everyone', RECODE_HOURS_PER_OWNER: String(hours) } });
const record = () => readEnvironment(aws.clients.dynamodb, { owner: 'alice', repository: 'acme/api' });
const hours = async () => {
  const found = await readHours(aws.clients.dynamodb, 'alice');
  return found && { ...usageOf(found, aws.clock.now()), underWay: Object.values(found.environments).filter(({ run }) => run).length };
};
const start = async (minutes: number) => expect((await runStart(aws, { autoStop: { kind: 'after', minutes } })).status).toBe('SUCCEEDED');

beforeEach(async () => {
  // No month ends in the hours that pass here.
  const now = aws.clock.now();
  const end = Date.UTC(new Date(now).getUTCFullYear(), new Date(now).getUTCMonth() + 1);
  if (end - now < 48 * hour) aws.clock.advance(end - now + hour);
  await cap(100);
  const found = await ifInstalled(readHours(aws.clients.dynamodb, 'alice'));
  if (found) await forgetHours(aws.clients.dynamodb, found);
});

describe('where an owner has a hundred hours a month', () => {
  it('list and whoami tell what is used and reserved, and keep counting what was removed', async () => {
    await start(10 * 60);
    const line = /\n\nHours in [A-Z][a-z]+: [\d.]+ of 100(, [\d.]+ reserved)?\n$/;
    const { code, stdout } = await alice.prints(['list']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(line) });
    const { json } = await alice.run(['list', '--json', 'repository,ownerHours']);
    expect(json).toEqual([{ repository: 'acme/api', ownerHours: { used: expect.any(Number), reserved: expect.any(Number), limit: 100 } }]);
    expect((await alice.run(['list', '--all', '--json', 'ownerHours'])).json).toEqual([{ ownerHours: { ...first(json), limit: 100 } }]);
    await aws.clock.advance(2 * hour);
    await runRemove(aws);
    const { used = 0, underWay } = (await hours()) ?? {};
    expect(used).toBeGreaterThan(hour);
    expect(underWay).toBe(0);
    expect((await alice.prints(['list'])).stdout).toMatch(/no environments in us-east-1\n\nHours in \w+: [\d.]+ of 100\n$/);
    expect((await alice.prints(['whoami'])).stdout).toMatch(/Hours in \w+ +[\d.]+ of 100\n/);
  });

  it('stop counts what ran, and so does a stop outside Recode', async () => {
    await start(10 * 60);
    const before = (await hours())?.used ?? 0;
    await runStop(aws);
    expect((await hours())?.underWay).toBe(0);
    await start(10 * 60);
    await aws.post('eventbridge', { on: true });
    const instanceId = (await record())?.observed?.instanceId ?? '';
    await aws.clients.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
    await vi.waitFor(async () => expect((await hours())?.underWay).toBe(0), { timeout: 20_000, interval: 50 });
    expect((await hours())?.used).toBeGreaterThan(before);
  });

  it.each([
    ['a start', () => start(10 * 60)],
    ['a stop', () => runStop(aws)],
    ['EC2’s event of a start in the console', startInConsole],
  ] as const)(
    'leaves out the time in which the instance was stopped and nobody had told of it, once it is noticed by %s',
    async (_, notice) => {
      await aws.post('eventbridge', { on: false });
      const now = new Date(aws.clock.now());
      // All of it in one month.
      await aws.clock.advance(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 10) - now.getTime());
      await start(10 * 60);
      const instanceId = (await record())?.observed?.instanceId ?? '';
      await aws.clock.advance(hour);
      await aws.clients.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
      await aws.clock.advance(5 * hour);
      expect((await hours())?.used).toBeGreaterThan(6 * hour);
      await notice(instanceId);
      expect((await hours())?.used).toBeLessThan(1.5 * hour);
      await runRemove(aws);
    },
  );

  it('refuses a start without hours left, and says what to do; one with few of them stops at the cap', async () => {
    await start(3 * 60);
    await cap(1);
    expect(await runRestart(aws)).toMatchObject({ status: 'SUCCEEDED', output: { cut: true } });
    const stopAt = Date.parse((await record())?.wanted.stopAt ?? '');
    expect(stopAt - aws.clock.now()).toBeLessThan(hour);
    const extended = (await alice.run(['extend', 'acme/api', '2h', '--json'])).json as { error: { name: string; message: string } };
    expect(extended.error.name).toBe('HoursUsedUp');
    expect(extended.error.message).toContain('acme/api may run until ');
    const scheduled = await alice.prints(['schedule', 'set', 'acme/api', '9h']);
    expect(scheduled.stdout).toMatch(/✓ acme\/api stops .*: alice has no hours for longer\n$/);
    await aws.clock.advance(hour);
    await runStop(aws);
    const { code, stderr } = await alice.prints(['start', 'acme/web']);
    expect(code).toBe(3);
    expect(stderr).toContain('You have reached your limit of hours');
    expect(stderr).toMatch(/alice has used [\d.]+ of 1 hours in/);
    expect(stderr).toContain('hoursPerOwner');
  });

  it('a start says why it stops before its time', async () => {
    await cap(1);
    const { code, stdout } = await alice.prints(['start', 'acme/web', '--auto-stop', '3h', '--no-clone']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/\n {2}Stops +\S+ .*: alice has no hours for longer\n/) });
    await cap(100);
    const { stdout: again } = await alice.prints(['start', 'acme/web', '--auto-stop', '3h', '--no-clone']);
    expect(again).toMatch(/\n {2}Stops +\S+ [^:]*:\d\d \([^)]*\)\n/);
  });
});

async function startInConsole(instanceId: string): Promise<void> {
  const before = (await record())?.observed?.launchedAt;
  await aws.post('eventbridge', { on: true });
  await aws.clients.ec2.send(new StartInstancesCommand({ InstanceIds: [instanceId] }));
  await vi.waitFor(async () => expect((await record())?.observed?.launchedAt).not.toBe(before), { timeout: 20_000, interval: 50 });
}

const first = (json: unknown) => {
  const [{ ownerHours }] = json as [{ ownerHours: object }];
  return Object.fromEntries(Object.keys(ownerHours).map((key) => [key, expect.any(Number)]));
};
