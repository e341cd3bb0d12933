import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedAws, type TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtPackage } from '../../cli/package-root.ts';
import { stateMachineName } from '../../core/names.ts';
import { operationKinds } from '../../core/operations.ts';
import { expectAllRaised, expectFailure, expectNothingChanged, raisedBy } from '../harness/failure.ts';
import { type User, userOf } from '../harness/users.ts';

const { version } = builtPackage();
const [major = 0, minor = 0] = version.split('.').map(Number);
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'recode-version-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** An AWS with a stack whose state machines say this of themselves, and whose executions all fail. */
async function awsWith(comment: string): Promise<TestAws> {
  const definition = { Comment: comment, StartAt: 'End', States: { End: { Type: 'Fail', Error: 'NoCapacity', Cause: 'It began.' } } };
  const Resources = Object.fromEntries(
    operationKinds.map((kind) => [
      kind,
      {
        Type: 'AWS::StepFunctions::StateMachine',
        Properties: { StateMachineName: stateMachineName(kind), DefinitionString: JSON.stringify(definition) },
      },
    ]),
  );
  const packageDirectory = mkdtempSync(join(directory, 'stack-'));
  writeFileSync(join(packageDirectory, 'cloudformation-template-update-stack.json'), JSON.stringify({ Resources }));
  return embeddedAws({ packageDirectory });
}

const start = ['start', 'acme/api'];

/** Runs a command of Alice's and expects that it is refused before anything begins. */
async function expectRefused(aws: TestAws, args: readonly string[], name: 'CliOlderThanStack' | 'StackOlderThanCli', stack: string) {
  const message = `This is recode ${version}. The deployed version in us-east-1 of account ${aws.accountId} is ${stack}.`;
  expectFailure(await userOf(aws, 'alice', directory).run(args), ['aws', ...args], { name, message });
  await expectNothingChanged(aws);
  expect(existsSync(join(directory, 'alice', 'home', '.local'))).toBe(false);
}

describe('a stack that is', () => {
  it.each([
    ['newer by far', `Do it (recode ${major + 1}.0.0)`, 'CliOlderThanStack', `recode ${major + 1}.0.0`],
    ['older than the CLI', 'Do it (recode 0.0.9)', 'StackOlderThanCli', 'recode 0.0.9'],
    ['older than all that say their version', 'Do it', 'StackOlderThanCli', 'too old to tell its version'],
  ] as const)('%s is told with both versions', async (_, comment, name, stack) => {
    await using aws = await awsWith(comment);
    await expectRefused(aws, start, name, stack);
  });
});

describe('a stack that is newer by a little', () => {
  const newer = `${major}.${minor + 1}.0`;
  let aws: TestAws;
  let alice: User;
  beforeAll(async () => {
    aws = await awsWith(`Do it (recode ${newer})`);
    alice = userOf(aws, 'alice', directory);
  });
  afterAll(() => aws.stop());

  it.concurrent.each([
    [['start', 'acme/api', '--no-wait', '--json']],
    [['start', 'acme/api', '--owner', 'bob']],
    [['stop', 'acme/api']],
    [['remove', 'acme/api', '--force']],
    [['uninstall', '--force']],
  ])('is told by every command that would begin something: %j', (args) => expectRefused(aws, args, 'CliOlderThanStack', `recode ${newer}`));

  it('is no hindrance to looking', async () => {
    expect(await alice.prints(['list'])).toEqual({ code: 0, stdout: 'Recode is not installed in us-east-1\n', stderr: '' });
    for (const command of ['status', 'follow'])
      expect((await alice.run([command, 'acme/api', '--json'])).json).toMatchObject({ error: { name: 'RecodeNotInstalled' } });
  });
});

describe('a stack of the same minor version', () => {
  it('is good enough, and is asked for its version while the record is read', async () => {
    await using aws = await awsWith(`Do it (recode ${major}.${minor}.99)`);
    const alice = userOf(aws, 'alice', directory);
    for (const [service, action, other] of [
      ['states', 'DescribeStateMachine', 'GetItem'],
      ['dynamodb', 'GetItem', 'DescribeStateMachine'],
    ] as const) {
      await aws.delete('calls');
      await aws.post('faults', { service, action, kind: 'delay', milliseconds: 3_600_000 });
      const running = alice.run(start);
      await expect.poll(() => aws.get('calls'), { timeout: 10_000 }).toMatchObject({ calls: expect.arrayContaining([calledOf(other)]) });
      aws.clock.advance(3_600_000);
      expectFailure(await running, ['aws', ...start], { name: 'NoCapacity', message: 'It began.' });
    }
  });
});

const calledOf = (action: string) => expect.objectContaining({ action });

it('raises all that versions can be refused for', () => {
  expectAllRaised(raisedBy.version);
});
