import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, expect, it } from 'vitest';
import { deployForTests } from '../harness/deployment.ts';
import { expectFailure } from '../harness/failure.ts';
import { beginHeld, letGo } from '../harness/pace.ts';
import type { User } from '../harness/users.ts';
import { ended } from '../harness/workflows.ts';

let aws: TestAws;
let bob: User;
let carol: User;
deployForTests((deployed, user) => {
  aws = deployed;
  bob = user('bob');
  carol = user('carol');
});
afterEach(() => letGo(aws));

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);
const nothing = { executionArn: null, kind: null, status: null, startedAt: null, endedAt: null, error: null, steps: [] };

/** Starts an operation that nobody waits for, and resolves to its ARN once it has ended. */
async function inBackground(...args: string[]): Promise<string> {
  const { executionArn } = (await bob.run([...args, '--no-wait', '--json'])).json as { executionArn: string };
  await ended(aws, executionArn);
  return executionArn;
}

it('shows why what was started with --no-wait has failed, and when', async () => {
  await aws.post('faults', {
    service: 'ec2',
    action: 'RunInstances',
    kind: 'error',
    code: 'InsufficientInstanceCapacity',
    message: 'None.',
  });
  const executionArn = await inBackground('start', 'acme/api');
  const { code, json } = await bob.run(['logs', 'acme/api', '--json']);
  expect(code).toBe(0);
  expect(json).toMatchObject({ repository: 'acme/api', owner: 'bob', executionArn, kind: 'start', status: 'failed' });
  expect(json).toMatchObject({
    startedAt: time,
    endedAt: time,
    error: { name: 'NoCapacity', message: 'AWS says: None (InsufficientInstanceCapacity).' },
  });
  const shown = await bob.prints(['logs', 'acme/api']);
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toMatch(/^acme\/api \(bob\): start failed\n\nSTARTED +TOOK +STEP\n\S+Z +\d+\.\ds +Checking the instance type\n/);
  const why = 'AWS says: None (InsufficientInstanceCapacity).';
  expect(shown.stdout).toContain(`  NoCapacity: ${why}\n`);
  expect(shown.stdout.endsWith(`\n\n  ${why}\n`)).toBe(true);
});

it('shows the steps of what has succeeded, and then nothing once it is followed', async () => {
  await inBackground('start', 'acme/api');
  const { steps, ...shown } = (await bob.run(['logs', 'acme/api', '--json'])).json as { steps: { sentence: string; endedAt: string }[] };
  expect(shown).toMatchObject({ status: 'succeeded', endedAt: time, error: null });
  expect(steps.filter(({ endedAt }) => endedAt === null)).toEqual([]);
  const followed = await bob.run(['follow', 'acme/api']);
  for (const { sentence } of steps) expect(followed.stdout).toContain(`${sentence}\n`);
  expect((await bob.run(['logs', 'acme/api'])).stdout).toBe('No operation is running on acme/api\n');
  expect((await bob.run(['logs', 'acme/api', '--json'])).json).toEqual({ repository: 'acme/api', owner: 'bob', ...nothing });
});

it("shows the operation in progress, also a teammate's, with the attempts that were retried", async () => {
  const executionArn = await beginHeld(aws, 'stopping', { caller: 'alice', environment: { owner: 'bob', repository: 'acme/api' } });
  const { json } = await carol.run(['logs', 'acme/api', '--owner', 'bob', '--json']);
  expect(json).toMatchObject({ executionArn, kind: 'stop', status: 'running', endedAt: null, error: null });
  const { steps } = json as { steps: { endedAt: string | null; sentence: string; failedAttempts: unknown[] }[] };
  expect(steps.filter(({ endedAt }) => endedAt === null)).toEqual([
    {
      state: 'CheckInstanceStopped',
      sentence: 'Waiting for the instance to stop',
      startedAt: time,
      endedAt: null,
      failedAttempts: [{ name: expect.stringMatching(/^\w+$/), message: expect.stringMatching(/./), at: time }],
    },
  ]);
  letGo(aws);
  await ended(aws, executionArn);
});

it('refuses what has no environment', async () => {
  const message = 'carol has no environment for acme/api in us-east-1.';
  expectFailure(await carol.run(['logs', 'acme/api']), ['aws', 'logs', 'acme/api'], { name: 'EnvironmentNotFound', message });
});
