import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListExecutionsCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { embeddedAws, type TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openFollowView } from '../../cli/execution/follow-view.ts';
import { follow } from '../../cli/execution/operation.ts';
import { describeFailure, exitCodeOf, showFailure } from '../../cli/failure.ts';
import { builtPackage } from '../../cli/package-root.ts';
import { catalog, type ErrorName, isErrorName } from '../../core/errors.ts';
import { collectedOutput } from '../cli/collect.ts';
import { expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import type { Ran } from '../harness/recode.ts';
import { begin, recodeStart } from '../harness/workflows.ts';

const lastsSeconds = 86_400;
// As Lambda reports an error that a step threw; the message has the lines of a console below it.
const message = 'It happened to acme/api.\nThe end of its console:\n\nlogin:';
const cause = JSON.stringify({ errorType: 'Error', errorMessage: message, trace: ['Error: It happened'] });
const definition = {
  Comment: `End as the owner says (recode ${builtPackage().version})`,
  StartAt: 'Which',
  TimeoutSeconds: lastsSeconds,
  States: {
    Which: { Type: 'Choice', Choices: [{ Variable: '$.environment.owner', StringEquals: 'waits', Next: 'Wait' }], Default: 'End' },
    Wait: { Type: 'Wait', Comment: 'Waiting', Seconds: 2 * lastsSeconds, End: true },
    End: { Type: 'Fail', ErrorPath: '$.environment.owner', Cause: cause },
  },
};

let directory: string;
let aws: TestAws;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'recode-catalog-'));
  const machine = {
    Type: 'AWS::StepFunctions::StateMachine',
    Properties: { StateMachineName: 'recode-start', DefinitionString: JSON.stringify(definition) },
  };
  writeFileSync(join(directory, 'cloudformation-template-update-stack.json'), JSON.stringify({ Resources: { Start: machine } }));
  aws = await embeddedAws({ packageDirectory: directory });
});
afterAll(async () => {
  await aws.stop();
  rmSync(directory, { recursive: true });
});

const provokedElsewhere: readonly ErrorName[] = Object.values(raisedBy).flat();
const names = Object.keys(catalog)
  .filter(isErrorName)
  .filter((name) => !provokedElsewhere.includes(name));

/** Runs a start whose execution fails with the error that is its owner's name. */
const failWith = (name: string, args: readonly string[]) => recodeStart(aws, directory, args, { AWS_ACCESS_KEY_ID: name });

/** What every command does with such an execution, without a process for each. */
async function followed(name: string): Promise<Pick<Ran, 'code' | 'stdout' | 'stderr'>> {
  const { output, stdout, stderr } = collectedOutput();
  const executionArn = await begin(aws, 'start', { environment: { owner: name, repository: 'acme/api' } });
  const session = { view: await openFollowView(output, {}), execution: {}, times: { begun: 0 } };
  const error: unknown = await follow(aws.clients, { owner: name, options: { local: false } }, executionArn, v.unknown(), session).catch(
    (reason: unknown) => reason,
  );
  const failure = describeFailure(error, { argv: ['aws', 'start', 'acme/api'], usage: 'recode aws start', repository: 'acme/api' });
  showFailure(output, failure, error, {});
  return { code: exitCodeOf(failure), stdout: stdout(), stderr: stderr() };
}

describe('an execution that fails', () => {
  it.concurrent.each(names)('with %s is explained', async (name) => {
    expectFailure(await followed(name), ['aws', 'start', 'acme/api'], { name, message });
  });

  it.each([[['acme/api']], [['acme/api', '--json']]])('is explained by the command that began it: %j', async (args) => {
    expectFailure(await failWith('NoCapacity', args), ['aws', 'start', ...args], { name: 'NoCapacity', message });
  });

  it.concurrent.each([
    ['Lambda.Unknown', 'Unexpected', `Lambda.Unknown: ${message}`],
    ['Runtime.ExitError', 'Unexpected', `Runtime.ExitError: ${message}`],
  ] as const)('with %s, which is no error of ours, is explained as %s', async (error, name, explanation) => {
    expectFailure(await followed(error), ['aws', 'start', 'acme/api'], { name, message: explanation });
  });
});

describe('an execution that is ended from outside', () => {
  const args = ['aws', 'start', 'acme/api'];

  /** Runs a start, ends its execution from outside, and returns what the command has shown. */
  async function endedBy(end: (executionArn: string) => Promise<unknown>) {
    const running = failWith('waits', ['acme/api']);
    const stateMachineArn = `arn:aws:states:${aws.region}:${aws.accountId}:stateMachine:recode-start`;
    const executionArn = await vi.waitFor(
      async () => {
        const { executions = [] } = await aws.clients.sfn.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING' }));
        expect(executions).toHaveLength(1);
        return executions[0]?.executionArn ?? '';
      },
      { timeout: 10_000, interval: 20 },
    );
    await end(executionArn);
    return running;
  }

  it('is explained by the cause that was given with the stop', async () => {
    const stop = (executionArn: string) => aws.clients.sfn.send(new StopExecutionCommand({ executionArn, cause: 'We move to eu-west-1.' }));
    expectFailure(await endedBy(stop), args, { name: 'ExecutionAborted', message: 'We move to eu-west-1.' });
  });

  it('is explained when it was stopped without a cause', async () => {
    const stop = (executionArn: string) => aws.clients.sfn.send(new StopExecutionCommand({ executionArn }));
    expectFailure(await endedBy(stop), args, { name: 'ExecutionAborted', message: 'Someone stopped the execution.' });
  });

  it('is explained when it has taken too long', async () => {
    const wait = () => aws.post('clock', { advanceMilliseconds: lastsSeconds * 1000 });
    expectFailure(await endedBy(wait), args, { name: 'ExecutionTimedOut', message: 'The execution exceeded its time limit.' });
  });
});

it('shares the whole catalog with the tests of bad input', () => {
  expectAllRaised(names);
  expect([...names, ...provokedElsewhere].sort()).toEqual(Object.keys(catalog).sort());
});
