import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { DescribeExecutionCommand, ListExecutionsCommand, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StatusChange } from '../../src/eventbridge/event.ts';
import { imageFor, makePublicNetwork } from '../ec2/network.ts';
import { embeddedAws, type TestAws } from '../harness/embedded-aws.ts';

// An oven that waits or fails, and a function that writes each event to a file.
const fail = { Variable: '$.fail', IsPresent: true, Next: 'Burn' };
const long = { Variable: '$.long', IsPresent: true, Next: 'WaitLong' };
const definition = {
  StartAt: 'Which',
  States: {
    Which: { Type: 'Choice', Choices: [fail, long], Default: 'Wait' },
    Wait: { Type: 'Wait', Seconds: 60, End: true },
    WaitLong: { Type: 'Wait', Seconds: 6000, End: true },
    Burn: { Type: 'Fail', Error: 'Burnt', Cause: 'too "hot"' },
  },
  TimeoutSeconds: 600,
};
const note = `import { appendFileSync, existsSync, readFileSync } from 'node:fs';
export const handler = async (event) => {
  const { NOTES: notes, TROUBLE: trouble } = process.env;
  appendFileSync(notes, JSON.stringify(event) + '\\n');
  if (existsSync(trouble)) throw new Error('in trouble');
};`;

const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:oven';
const functionArn = { 'Fn::GetAtt': ['Note', 'Arn'] };
let directory: string;
let aws: TestAws;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'eventbridge-'));
});
afterEach(async () => {
  await aws.stop();
  rmSync(directory, { recursive: true });
  vi.restoreAllMocks();
});

const template = () => ({
  Note: {
    Type: 'AWS::Lambda::Function',
    Properties: {
      FunctionName: 'note',
      Handler: 'index.handler',
      Timeout: 20,
      Code: { S3Key: 'somewhere/note.zip' },
      Environment: { Variables: { NOTES: join(directory, 'notes'), TROUBLE: join(directory, 'trouble') } },
    },
  },
  Oven: {
    Type: 'AWS::StepFunctions::StateMachine',
    Properties: { StateMachineName: 'oven', DefinitionString: JSON.stringify(definition) },
  },
  Ended: {
    Type: 'AWS::Events::Rule',
    Properties: {
      EventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: { stateMachineArn: [{ Ref: 'Oven' }], status: ['FAILED', 'TIMED_OUT', 'ABORTED', 'SUCCEEDED'] },
      },
      Targets: [{ Id: 'note', Arn: functionArn }],
    },
  },
  EndedMayNote: {
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunction',
      FunctionName: functionArn,
      Principal: 'events.amazonaws.com',
      SourceArn: { 'Fn::GetAtt': ['Ended', 'Arn'] },
    },
  },
});

async function deploy(Resources: object = template()): Promise<void> {
  writeFileSync(join(directory, 'note.zip'), zipSync({ 'index.mjs': new TextEncoder().encode(note) }));
  writeFileSync(join(directory, 'cloudformation-template-update-stack.json'), JSON.stringify({ Resources }));
  aws = await embeddedAws({ packageDirectory: directory });
}

async function start(input: { fail?: true; long?: true } = {}): Promise<string> {
  const { executionArn } = await aws.clients.sfn.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }));
  return executionArn ?? '';
}

const notes = (): StatusChange[] => {
  const file = join(directory, 'notes');
  return existsSync(file)
    ? readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
    : [];
};
const noted = (count: number) =>
  vi.waitFor(
    () => {
      expect(notes()).toHaveLength(count);
      return notes();
    },
    { timeout: 20_000, interval: 20 },
  );

describe('an execution that ends', () => {
  it('is passed to the functions of matching rules, with the details of DescribeExecution', async () => {
    await deploy();
    const executionArn = await start({ fail: true });
    const [event] = await noted(1);
    const described = await aws.clients.sfn.send(new DescribeExecutionCommand({ executionArn }));
    expect(event).toMatchObject({ source: 'aws.states', region: 'us-east-1', account: '000000000000', resources: [executionArn] });
    expect(event?.detail).toMatchObject({
      executionArn,
      stateMachineArn,
      name: described.name,
      status: 'FAILED',
      startDate: described.startDate?.getTime(),
      stopDate: described.stopDate?.getTime(),
      input: '{"fail":true}',
      error: 'Burnt',
      cause: 'too "hot"',
    });
  });

  it('is passed however it ends', async () => {
    await deploy();
    const stopped = await start();
    await aws.clients.sfn.send(new StopExecutionCommand({ executionArn: stopped, error: 'Enough' }));
    await noted(1);
    aws.clock.setRate(1000);
    await start();
    await noted(2);
    await start({ long: true });
    const ends = (await noted(3)).map(({ detail: { status, error } }) => `${status} ${error}`);
    expect(ends).toEqual(['ABORTED Enough', 'SUCCEEDED null', 'TIMED_OUT null']);
  });

  it('is passed again, by the clock, to a function that fails', async () => {
    await deploy();
    writeFileSync(join(directory, 'trouble'), '');
    await start({ fail: true });
    await noted(1);
    rmSync(join(directory, 'trouble'));
    await vi.waitFor(() => expect(pending()).toMatchObject([{ attempts: 1 }]), { timeout: 20_000 });
    aws.clock.advance(60_000);
    const [first, second] = await noted(2);
    expect(second).toEqual(first);
    await vi.waitFor(() => expect(pending()).toEqual([]), { timeout: 20_000 });
  });

  it('with the process is passed by the next process', async () => {
    await deploy();
    const executionArn = await start();
    await aws.restart();
    const [event] = await noted(1);
    expect(event?.detail).toMatchObject({ executionArn, status: 'ABORTED', error: 'EmbeddedAwsStopped' });
  });

  it('is not passed to a function that the rule may not invoke, which is logged', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { EndedMayNote, ...rest } = template();
    await deploy({
      ...rest,
      EndedMayNote: { ...EndedMayNote, Properties: { ...EndedMayNote.Properties, SourceArn: 'arn:aws:events:a:b:rule/c' } },
    });
    const executionArn = await start({ fail: true });
    await vi.waitFor(() =>
      expect(log).toHaveBeenCalledWith(
        expect.stringMatching(`The rule Ended does not invoke .*:note for ${executionArn}: no AWS::Lambda::Permission`),
      ),
    );
    expect(existsSync(join(aws.stateDirectory, 'eventbridge.json'))).toBe(false);
  });
});

it('passes the start of an execution if a rule matches it', async () => {
  const { Ended, ...rest } = template();
  const EventPattern = { detail: { status: ['RUNNING'] } };
  await deploy({ ...rest, Ended: { ...Ended, Properties: { ...Ended.Properties, EventPattern } } });
  const executionArn = await start({ fail: true });
  const [event] = await noted(1);
  expect(event?.detail).toMatchObject({ executionArn, status: 'RUNNING', stopDate: null, error: null });
});

it('passes the states that an instance of the region enters, in their order', async () => {
  const { Ended, ...rest } = template();
  const EventPattern = { source: ['aws.ec2'], detail: { state: ['running', 'shutting-down', 'terminated'] } };
  await deploy({ ...rest, Ended: { ...Ended, Properties: { ...Ended.Properties, EventPattern } } });
  aws.clock.setRate(1000);
  const client = aws.clients.ec2;
  const [{ subnetId }, image] = await Promise.all([makePublicNetwork(client), imageFor(client)]);
  const UserData = Buffer.from('#!/bin/sh').toString('base64');
  const launch = { ImageId: image, InstanceType: 't3.micro', MinCount: 1, MaxCount: 1, SubnetId: subnetId, UserData } as const;
  const { Instances = [] } = await client.send(new RunInstancesCommand(launch));
  const InstanceIds = Instances.map(({ InstanceId = '' }) => InstanceId);
  await noted(1);
  await client.send(new TerminateInstancesCommand({ InstanceIds }));
  const events = await noted(3);
  expect(events.map(({ detail }) => detail)).toEqual(
    ['running', 'shutting-down', 'terminated'].map((state) => ({ 'instance-id': InstanceIds[0], state })),
  );
});

describe('a schedule', () => {
  const scheduled = () => ({
    ...template(),
    Often: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        ScheduleExpression: 'rate(5 minutes)',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { Arn: { Ref: 'Oven' }, RoleArn: { 'Fn::GetAtt': ['Timer', 'Arn'] }, Input: '{"fail":true}' },
      },
    },
    Timer: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'scheduler.amazonaws.com' } }],
        },
        Policies: [
          {
            PolicyName: 'start',
            PolicyDocument: { Statement: [{ Effect: 'Allow', Action: 'states:StartExecution', Resource: { Ref: 'Oven' } }] },
          },
        ],
      },
    },
  });
  const executions = async () => (await aws.clients.sfn.send(new ListExecutionsCommand({ stateMachineArn }))).executions ?? [];

  it('starts executions with a UUID as the clock moves, also after a restart', async () => {
    await deploy(scheduled());
    await aws.post('clock', { advanceMilliseconds: 300_000 });
    await vi.waitFor(async () => expect(await executions()).toHaveLength(1));
    const [event] = await noted(1);
    expect(event?.detail.name).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(event?.detail.input).toBe('{"fail":true}');
    await aws.restart();
    expect(await executions()).toHaveLength(1);
    await aws.post('clock', { advanceMilliseconds: 300_000 });
    await vi.waitFor(async () => expect(await executions()).toHaveLength(2));
  });
});

const pending = (): unknown => JSON.parse(readFileSync(join(aws.stateDirectory, 'eventbridge.json'), 'utf8'));
