import * as v from 'valibot';
import { meaningOf } from '../../../aws/errors.ts';
import { followExecution, startExecution } from '../../../aws/executions.ts';
import { type EnvironmentSubject, readEnvironment } from '../../../aws/records/environment.ts';
import { type StartInput, StartOutput } from '../../../core/document.ts';
import type { Environment } from '../../../core/environment.ts';
import { RecodeError } from '../../../core/errors.ts';
import { ssh, stateMachines, tableName } from '../../../core/names.ts';
import { sameKey } from '../../../core/openssh-key.ts';
import { type Account, type AccountOptions, openAccount } from '../../account.ts';
import { type Clients, clientsOf } from '../../clients.ts';
import { type FollowView, openFollowView } from '../../follow-view.ts';
import { interruption } from '../../interruption.ts';
import { type Output, paint, table, writeJson } from '../../output.ts';
import { sshCommand, writeSshConfig } from '../../ssh/config.ts';
import { checkConnection, requireSshClient } from '../../ssh/connect.ts';
import { type EnvironmentFolder, environmentFolder } from '../../ssh/folder.ts';
import { ensureKeyPair, type KeyPair, readKeyPair } from '../../ssh/keys.ts';
import { pinHostKey } from '../../ssh/known-hosts.ts';
import type { StartRequest } from './start-request.ts';

/** What a start has led to. */
interface Started {
  readonly environment: StartOutput;
  readonly executionArn: string;
  /** False where somebody else's execution made it. */
  readonly created: boolean;
  /** Whether an instance was launched or started for it. */
  readonly changed: boolean;
}

// Each time somebody else's operation has ended just before it could be followed.
const mostAttempts = 5;
// What the workflow does when there is something to do.
const changes: readonly string[] = ['LaunchInstance', 'StartInstance'];

/**
 * Starts an environment: makes its key, starts the execution, follows it, pins the host key, proves that ssh connects, and prints.
 *
 * @throws RecodeError what the execution fails with, PrivateKeyNotHere, Interrupted, Cancelled, and those of cli/account.ts and cli/ssh
 */
export async function runStart(request: StartRequest, output: Output): Promise<void> {
  const view = await openFollowView(output, process.env);
  const execution: { arn?: string } = {};
  try {
    await Promise.race([start(request, output, view, execution), interruption(() => interrupted(request.repository, execution))]);
  } finally {
    view.end();
  }
}

async function start(
  { repository, account: options, request }: StartRequest,
  output: Output,
  view: FollowView,
  execution: { arn?: string },
): Promise<void> {
  // Before anything is made that could not be reached then.
  await requireSshClient();
  const account = (await startsEmbeddedAws(options))
    ? await view.during('Starting the embedded AWS', () => openAccount(options))
    : await openAccount(options);
  const clients = await clientsOf(account);
  const subject = { owner: account.owner, repository };
  const files = environmentFolder({ ...account, repository }, process.env);
  const keyPair = keyFor(await readRecord(clients, subject, account), files, repository);

  const input: StartInput = { environment: subject, request: { ...request, publicKey: keyPair.publicKey } };
  const started = await startAndFollow(clients, account, input, view, execution);
  const { environment } = started;
  if (!sameKey(environment.publicKey, keyPair.publicKey)) throw privateKeyNotHere(repository, files);

  const address = environment.publicIpAddress;
  await view.during('Checking the SSH connection', async () => {
    pinHostKey(files.knownHosts, { address, port: ssh.port, hostKey: environment.hostKey });
    writeSshConfig(files, { name: environment.name, repository, address, privateKeyFile: keyPair.privateKeyFile });
    await checkConnection({ sshConfig: files.sshConfig, name: environment.name, address });
  });
  view.end();
  print(output, started, sshCommand(files, environment.name));
}

async function startsEmbeddedAws({ local }: AccountOptions): Promise<boolean> {
  if (!local) return false;
  const { embeddedAwsStatus } = await import('../../embedded-aws.ts');
  return !(await embeddedAwsStatus()).running;
}

/** The record of the environment as it is before the start, if there is one. */
async function readRecord({ dynamodb }: Clients, subject: EnvironmentSubject, account: Account): Promise<Environment | undefined> {
  try {
    return await readEnvironment(dynamodb, subject);
  } catch (error) {
    // The first start in a region makes the table.
    if (error instanceof RecodeError && error.name === 'RecodeNotInstalled') return undefined;
    if (meaningOf(error) !== 'unauthorized') throw error;
    // In a region without Recode AWS answers so, because the permissions are given where it is deployed.
    const message = `There is no table ${tableName} in ${account.region} of the account ${account.accountId} that you may read.`;
    throw new RecodeError('ControlPlaneNotDeployed', message, { cause: error });
  }
}

/** The key pair of this machine. Where an instance lets in another one, none is made that would open nothing. */
function keyFor(record: Environment | undefined, files: EnvironmentFolder, repository: string): KeyPair {
  if (!record || record.status === 'creating') return ensureKeyPair(files.key, `recode ${repository}`);
  const here = readKeyPair(files.key);
  if (!here || !sameKey(here.publicKey, record.request.publicKey)) throw privateKeyNotHere(repository, files);
  return here;
}

/** Starts an execution; where another start is at work on the environment, follows that one instead. */
async function startAndFollow(
  { dynamodb, sfn }: Clients,
  { partition, region, accountId }: Account,
  input: StartInput,
  view: FollowView,
  execution: { arn?: string },
): Promise<Started> {
  const stateMachineArn = `arn:${partition}:states:${region}:${accountId}:stateMachine:${stateMachines.start}`;
  const follow = async (executionArn: string) => {
    execution.arn = executionArn;
    return { executionArn, ...(await followStart(sfn, executionArn, view)) };
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const followed = await follow(await startExecution(sfn, stateMachineArn, input));
      return { ...followed, created: followed.environment.created };
    } catch (error) {
      if (!(error instanceof RecodeError) || error.name !== 'OperationInProgress' || attempt === mostAttempts) throw error;
      const operation = (await readEnvironment(dynamodb, input.environment))?.operation;
      if (operation && operation.kind !== 'start') throw error;
      if (operation) {
        view.say(`${input.environment.repository} is already starting, begun by ${operation.owner} at ${operation.startedAt}.`);
        return { ...(await follow(operation.executionArn)), created: false };
      }
    }
  }
}

/** Follows an execution to its end. Throws what it fails with. */
async function followStart(sfn: Clients['sfn'], executionArn: string, view: FollowView): Promise<Pick<Started, 'environment' | 'changed'>> {
  let changed = false;
  for await (const event of followExecution(sfn, executionArn)) {
    view.show(event);
    if (event.type === 'state-entered' && changes.includes(event.state)) changed = true;
    if (event.type === 'failed') throw event.error;
    if (event.type === 'succeeded') return { environment: v.parse(StartOutput, event.output), changed };
  }
  throw new RecodeError('Unexpected', `The history of the execution ${executionArn} ends before the execution.`);
}

function print(output: Output, { environment, executionArn, created, changed }: Started, command: string): void {
  const { repository, owner, name, status, instanceId, instanceType, publicIpAddress } = environment;
  if (output.json) {
    const result = {
      repository,
      owner,
      name,
      status,
      instanceId,
      instanceType,
      publicIpAddress,
      sshCommand: command,
      executionArn,
      created,
    };
    writeJson(output, result);
    return;
  }
  const { stdout } = output;
  stdout.write(
    `\n${paint(stdout, 'green', '✓')} ${paint(stdout, 'bold', changed ? `Started ${repository}` : `${repository} is already started`)}\n`,
  );
  stdout.write(
    table([
      ['Address', publicIpAddress],
      ['Instance', `${instanceId} (${instanceType})`],
    ]),
  );
  stdout.write(`\nConnect to it:\n  ${paint(stdout, 'bold', command)}\n`);
}

/** Why the command ends at Ctrl-C; the execution, if there is one by then, goes on without it. */
function interrupted(repository: string, { arn }: { arn?: string }): RecodeError {
  return arn === undefined
    ? new RecodeError('Cancelled', `You interrupted the start of ${repository} before it began.`)
    : new RecodeError('Interrupted', `You interrupted the view of the start of ${repository}. Its execution is ${arn}.`);
}

const privateKeyNotHere = (repository: string, { key }: EnvironmentFolder) =>
  new RecodeError('PrivateKeyNotHere', `The environment ${repository} lets in another key than this machine's, which would be in ${key}.`);
