import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executionArn as executionArnOf } from '../../core/executions.ts';
import { proven } from '../harness/proof.ts';
import { deployedAws, somePublicKey } from '../harness/workflows.ts';

// Debian's, a program that nobody here wrote: what it can do, any client of AWS can.
const program = '/usr/bin/aws';
let aws: TestAws;
let home: string;
beforeAll(async () => {
  aws = await deployedAws();
  home = mkdtempSync(join(tmpdir(), 'recode-aws-cli-'));
});
afterAll(async () => {
  await aws.stop();
  rmSync(home, { recursive: true });
});

async function cli<Answer = Record<string, unknown>>(...args: string[]): Promise<Answer> {
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    AWS_ACCESS_KEY_ID: 'alice',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_DEFAULT_REGION: aws.region,
    AWS_PAGER: '',
  };
  const { stdout } = await promisify(execFile)(program, [...args, '--endpoint-url', aws.endpoint, '--output', 'json'], { env });
  return (stdout === '' ? {} : JSON.parse(stdout)) as Answer;
}

interface Execution {
  executionArn: string;
  status: string;
  output?: string;
  error?: string;
  cause?: string;
}

/** Starts an execution of one of the state machines that the AWS CLI lists, with a proof as `recode` makes it, and waits for its end. */
async function execute(name: string, input: object): Promise<Execution> {
  const { stateMachines } = await cli<{ stateMachines: { name: string; stateMachineArn: string }[] }>(
    'stepfunctions',
    'list-state-machines',
  );
  const arn = stateMachines.find((machine) => machine.name === name)?.stateMachineArn ?? '';
  const executionName = randomUUID();
  const given = await proven(aws, executionArnOf(arn, executionName), input);
  const started = [
    'stepfunctions',
    'start-execution',
    '--state-machine-arn',
    arn,
    '--name',
    executionName,
    '--input',
    JSON.stringify(given),
  ];
  const { executionArn } = await cli<Execution>(...started);
  for (;;) {
    const execution = await cli<Execution>('stepfunctions', 'describe-execution', '--execution-arn', executionArn);
    if (execution.status !== 'RUNNING') return execution;
    await sleep(200);
  }
}

const start = (environment: object, request: object) =>
  execute('recode-start', { caller: 'alice', environment, request: { publicKey: somePublicKey, ...request } });
const outputOf = ({ output = 'null' }: Execution) => JSON.parse(output) as unknown;

describe('the AWS CLI', () => {
  it('knows who calls', async () => {
    expect(await cli('sts', 'get-caller-identity')).toMatchObject({
      Account: aws.accountId,
      Arn: `arn:aws:iam::${aws.accountId}:user/alice`,
    });
  });

  it('starts an execution, follows it, and describes everything that it made', async () => {
    const execution = await start({ owner: 'alice', repository: 'acme/api' }, {});
    expect(execution).toMatchObject({ status: 'SUCCEEDED' });
    const output = JSON.parse(execution.output ?? 'null') as { instanceId: string };

    const history = ['stepfunctions', 'get-execution-history', '--execution-arn', execution.executionArn];
    const { events } = await cli<{ events: { type: string; stateEnteredEventDetails?: { name: string } }[] }>(...history);
    expect(events.at(0)?.type).toBe('ExecutionStarted');
    expect(events.at(-1)?.type).toBe('ExecutionSucceeded');
    expect(events.map(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name)).toEqual(
      expect.arrayContaining(['CreateVpc', 'LaunchInstance', 'CheckSsh']),
    );
    const reversed = await cli<{ events: { type: string }[] }>(...history, '--reverse-order', '--max-items', '1');
    expect(reversed.events.map(({ type }) => type)).toEqual(['ExecutionSucceeded']);

    const ours = ['--filters', 'Name=tag:recode:managed-by,Values=recode'];
    const described: [string, string, number][] = [
      ['describe-vpcs', 'Vpcs', 1],
      ['describe-subnets', 'Subnets', 1],
      ['describe-internet-gateways', 'InternetGateways', 1],
      ['describe-route-tables', 'RouteTables', 1],
      ['describe-security-groups', 'SecurityGroups', 1],
      ['describe-key-pairs', 'KeyPairs', 1],
      ['describe-network-interfaces', 'NetworkInterfaces', 1],
      ['describe-volumes', 'Volumes', 1],
      ['describe-instances', 'Reservations', 1],
    ];
    for (const [action, list, count] of described)
      expect((await cli<Record<string, unknown[]>>('ec2', action, ...ours))[list], action).toHaveLength(count);
    const userData = ['ec2', 'describe-instance-attribute', '--instance-id', output.instanceId, '--attribute', 'userData'];
    const { UserData } = await cli<{ UserData: { Value: string } }>(...userData);
    expect(Buffer.from(UserData.Value, 'base64').toString()).toMatch(/^#cloud-config\n/);
    const { Output = '' } = await cli<{ Output?: string }>('ec2', 'get-console-output', '--instance-id', output.instanceId);
    expect(Output).toContain('login:');
    const table = ['dynamodb', 'query', '--table-name', 'recode-config-dynamodb-table', '--key-condition-expression', '#k = :k'];
    const environments = await cli<{ Count: number }>(
      ...table,
      '--expression-attribute-names',
      '{"#k":"kind"}',
      '--expression-attribute-values',
      '{":k":{"S":"environment"}}',
    );
    expect(environments.Count).toBe(1);
  });

  it('is told why an execution failed', async () => {
    const execution = await start({ owner: 'alice', repository: 'acme/mac' }, { instanceType: 'mac2.metal' });
    expect(execution).toMatchObject({ status: 'FAILED', error: 'InstanceTypeNotSupported' });
    const { events } = await cli<{ events: { type: string; executionFailedEventDetails?: object }[] }>(
      'stepfunctions',
      'get-execution-history',
      '--execution-arn',
      execution.executionArn,
      '--reverse-order',
    );
    expect(events[0]).toMatchObject({
      type: 'ExecutionFailed',
      executionFailedEventDetails: { error: 'InstanceTypeNotSupported', cause: expect.stringContaining('mac2.metal') },
    });
  });

  it('stops, removes and uninstalls, and is told how each of them ends', async () => {
    const environment = { owner: 'alice', repository: 'acme/api' };
    const input = { caller: 'alice', environment };
    const stopped = await execute('recode-stop', input);
    expect(stopped).toMatchObject({ status: 'SUCCEEDED' });
    expect(outputOf(stopped)).toMatchObject({ ...environment, status: 'stopped', changed: true });
    const { Reservations } = await cli<{ Reservations: { Instances: { State: { Name: string } }[] }[] }>('ec2', 'describe-instances');
    expect(Reservations[0]?.Instances[0]?.State.Name).toBe('stopped');

    expect(await execute('recode-uninstall', { caller: 'alice' })).toMatchObject({ status: 'FAILED', error: 'EnvironmentsStillExist' });
    expect(outputOf(await execute('recode-remove', input))).toMatchObject({ ...environment, status: 'removed' });
    expect(await execute('recode-remove', input)).toMatchObject({ status: 'FAILED', error: 'EnvironmentNotFound' });
    expect(outputOf(await execute('recode-uninstall', { caller: 'alice' }))).toMatchObject({ status: 'uninstalled' });
    expect(outputOf(await execute('recode-uninstall', { caller: 'alice' }))).toEqual({ status: 'not-installed' });
    expect(await cli('dynamodb', 'list-tables')).toEqual({ TableNames: [] });
    expect(await cli('ec2', 'describe-vpcs')).toEqual({ Vpcs: [] });
  });
});
