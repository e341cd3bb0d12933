import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { CreateVpcCommand, DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { expect } from 'vitest';
import type { Installation, Running } from '../../src/control/control.ts';
import { bundle } from './bundle.ts';

export interface Built {
  /** A folder for more programs. */
  readonly directory: string;
  /** An installation with its state in that directory, and an empty stack. */
  installation(stateDirectory: string): Installation;
  remove(): void;
}

/** Bundles the detached process and packages an empty stack. */
export async function buildMain(): Promise<Built> {
  const directory = mkdtempSync(join(tmpdir(), 'control-built-'));
  const mainFile = await bundle(directory, 'main', 'src/main.ts');
  const packageDirectory = join(directory, 'stack');
  mkdirSync(packageDirectory);
  writeFileSync(join(packageDirectory, 'cloudformation-template-update-stack.json'), '{"Resources":{}}');
  return {
    directory,
    installation: (stateDirectory) => ({ directory: stateDirectory, packageDirectory, mainFile, build: 'one' }),
    remove: () => rmSync(directory, { recursive: true }),
  };
}

/** Creates a table and a VPC. */
export async function fill(running: Running): Promise<void> {
  await new DynamoDBClient(client(running)).send(
    new CreateTableCommand({
      TableName: 'kept',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  await new EC2Client(client(running)).send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
}

/** Expects the table and the VPC of `fill`. */
export async function expectFilled(running: Running): Promise<void> {
  expect(await tableNames(running)).toEqual(['kept']);
  const { Vpcs = [] } = await new EC2Client(client(running)).send(new DescribeVpcsCommand({}));
  expect(Vpcs.map(({ CidrBlock }) => CidrBlock)).toContain('10.9.0.0/16');
}

export async function tableNames(running: Running): Promise<readonly string[] | undefined> {
  return (await new DynamoDBClient(client(running)).send(new ListTablesCommand({}))).TableNames;
}

function client({ endpoint, region }: Running) {
  return { endpoint, region, credentials: { accessKeyId: 'alice', secretAccessKey: 'x' } };
}
