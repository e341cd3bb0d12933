import { randomUUID } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeExecutionCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { embeddedAws, type TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import type {
  RecordedEnvironmentInput,
  RemoveOutput,
  RenameOutput,
  StartOutput,
  StopOutput,
  TransferOutput,
  UninstallOutput,
} from '../../core/document.ts';
import type { GivenRequest } from '../../core/environment.ts';
import { executionArn as executionArnOf, type PersonalWorkflow, stateMachineArn } from '../../core/executions.ts';
import type { Keep } from '../../core/kept.ts';
import { keyPairFrom } from '../../core/openssh-key.ts';
import { type Called, proven } from './proof.ts';
import { type Ran, type RunOptions, recode } from './recode.ts';

/** How many times as fast as real time it passes in workflow tests: what waits for seconds waits for a moment. */
const rate = 20;

/** Each sandbox stays until the last test that may need it: to start another one costs more than to keep it. */
const idleTime = 1_800_000;

/** How often a state that waits is tried again before it gives up: in the packaged stack, and where a test waits for it to give up. */
const polls = { packaged: 25, shortened: 3 };
const packaged = join(import.meta.dirname, '../../dist/stack');

/** An embedded AWS with the packaged stack deployed in it, as it would be deployed, in quick time. */
export async function deployedAws(packageDirectory = packaged, region = 'us-east-1'): Promise<TestAws> {
  const aws = await embeddedAws({ packageDirectory, region, idleTime });
  await unattended(aws);
  return aws;
}

/**
 * Lets time pass quickly, and nothing happen by itself: each test turns on what it needs. Otherwise the time of day would decide. Teammates may
 * act on the environments of each other.
 */
export async function unattended(aws: TestAws): Promise<void> {
  await aws.post('lambda', { latency: 'instant', concurrency: null, environment: { RECODE_TEAMMATES: 'everyone' } });
  await Promise.all([aws.post('clock', { rate }), aws.post('eventbridge', { on: false }), aws.post('scheduler', { on: false })]);
}

/** Makes the packaged stack again in a directory, with state machines that are as patient as tests are. */
export function impatientPackage(directory: string): string {
  return repackaged(directory, `"MaxAttempts":${polls.packaged}`, `"MaxAttempts":${polls.shortened}`);
}

/** The same, with state machines that try only once more, and soon, where a permission is missing. */
export function strictPackage(directory: string): string {
  const of = (seconds: number, attempts: number) =>
    `"ErrorEquals":["PermissionMissing","FunctionCredentialsRejected"],"IntervalSeconds":${seconds},"BackoffRate":2,"MaxAttempts":${attempts}`;
  return repackaged(directory, of(4, 4), of(1, 1));
}

/** Copies the packaged stack to a directory. */
export function copiedPackage(directory: string): void {
  cpSync(packaged, directory, { recursive: true });
}

/** Makes the packaged stack again in a directory, with one text for another in its state machines. */
function repackaged(directory: string, from: string, to: string): string {
  copiedPackage(directory);
  const file = join(directory, 'cloudformation-template-update-stack.json');
  const inString = (json: string) => JSON.stringify(json).slice(1, -1);
  const text = readFileSync(file, 'utf8');
  const changed = text.replaceAll(inString(from), inString(to));
  if (changed === text) throw new Error(`No state of the packaged stack has ${from}.`);
  writeFileSync(file, changed);
  return directory;
}

/** A public key whose private half nobody needs. */
export const somePublicKey = keyPairFrom(Buffer.alloc(32, 1), 'test').publicKey;

export interface Ended<Output> {
  readonly executionArn: string;
  readonly status: string;
  readonly error?: string;
  readonly cause?: string;
  /** Of one that succeeded, without the timing of its last step. */
  readonly output?: Output;
}

interface Subject {
  readonly owner?: string | undefined;
  readonly repository?: string | undefined;
  /** The owner by default. */
  readonly caller?: string | undefined;
}
const subjectOf = ({ owner = 'alice', repository = 'acme/api', caller = owner }: Subject): Called<RecordedEnvironmentInput> => ({
  caller,
  environment: { owner, repository },
});

/** Runs the start workflow as the CLI would, by the API alone, and waits for its end. */
export function runStart(aws: TestAws, { owner, repository, caller, ...request }: Subject & Partial<GivenRequest> = {}) {
  return run<StartOutput>(aws, 'start', { ...subjectOf({ owner, repository, caller }), request: { publicKey: somePublicKey, ...request } });
}

/** The same of the stop workflow. */
export const runStop = (aws: TestAws, subject: Subject = {}) => run<StopOutput>(aws, 'stop', subjectOf(subject));

/** The same of the restart workflow. */
export const runRestart = (aws: TestAws, subject: Subject = {}) => run<StartOutput>(aws, 'restart', subjectOf(subject));

/** The same of the move workflow. */
export const runMove = (aws: TestAws, { zone, ...subject }: Subject & { readonly zone?: string } = {}) =>
  run<StartOutput>(aws, 'move', { ...subjectOf(subject), ...(zone !== undefined && { zone }) });

/** The same of the rename workflow. */
export const runRename = (aws: TestAws, { name, ...subject }: Subject & { readonly name?: string } = {}) =>
  run<RenameOutput>(aws, 'rename', { ...subjectOf(subject), ...(name !== undefined && { name }) });

/** The same of the transfer workflow: to bob by default. */
export const runTransfer = (aws: TestAws, { to = 'bob', ...subject }: Subject & { readonly to?: string } = {}) =>
  run<TransferOutput>(aws, 'transfer', { ...subjectOf(subject), to });

/** The same of the remove workflow. */
export const runRemove = (aws: TestAws, { keep, ...subject }: Subject & { readonly keep?: Keep } = {}) =>
  run<RemoveOutput>(aws, 'remove', { ...subjectOf(subject), ...(keep !== undefined && { keep }) });

/** The same of the uninstall workflow. */
export const runUninstall = (aws: TestAws, caller = 'alice') => run<UninstallOutput>(aws, 'uninstall', { caller });

async function run<Output>(aws: TestAws, kind: PersonalWorkflow, input: unknown): Promise<Ended<Output>> {
  const executionArn = await begin(aws, kind, input);
  return ended<Output>(aws, executionArn);
}

/** Starts an execution of a workflow as the `caller` of its input. Resolves to its ARN. */
export async function begin(aws: TestAws, kind: PersonalWorkflow, input: unknown, name: string = randomUUID()): Promise<string> {
  const machine = stateMachineArn(aws, kind);
  const given = await proven(aws, executionArnOf(machine, name), input);
  const command = new StartExecutionCommand({ stateMachineArn: machine, name, input: JSON.stringify(given) });
  const { executionArn = '' } = await aws.clients.sfn.send(command);
  return executionArn;
}

/** Waits for the end of an execution. */
export async function ended<Output>({ clients: { sfn } }: TestAws, executionArn: string): Promise<Ended<Output>> {
  for (;;) {
    const { status = '', output, error, cause } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    if (status !== 'RUNNING') {
      return {
        executionArn,
        status,
        ...(output !== undefined && { output: withoutTiming<Output>(output) }),
        ...(error !== undefined && { error }),
        ...(cause !== undefined && { cause }),
      };
    }
    await sleep(20);
  }
}

function withoutTiming<Output>(output: string): Output {
  const { timing: _, ...rest } = JSON.parse(output) as Output & { timing?: unknown };
  return rest as Output;
}

/** The calls that have changed something in EC2 since the calls were last forgotten, oldest first. */
export async function mutatingCalls(aws: TestAws): Promise<string[]> {
  const { calls } = (await aws.get('calls')) as { calls: { service: string; action: string }[] };
  return calls.filter(({ service, action }) => service === 'ec2' && !/^(Describe|Get)/.test(action)).map(({ action }) => action);
}

/** Runs `recode aws start` with the given arguments as a user of the account whose AWS is at the endpoint. */
export function recodeStart(
  aws: TestAws,
  directory: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  options: Pick<RunOptions, 'interrupted'> = {},
): Promise<Ran> {
  return recodeAws(aws, directory, ['start', ...args], env, options);
}

/** Runs `recode aws` with the given arguments in the same way. */
export function recodeAws(
  aws: TestAws,
  directory: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  options: Pick<RunOptions, 'interrupted'> = {},
): Promise<Ran> {
  return recode(['aws', ...args], {
    ...options,
    directory,
    env: { AWS_ENDPOINT_URL: aws.endpoint, AWS_ACCESS_KEY_ID: 'alice', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: aws.region, ...env },
  });
}
