import type { Logger } from '@aws-lambda-powertools/logger';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type EC2Client, GetConsoleOutputCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { findInstances, findInstancesAlsoEnded } from '../../aws/ec2/resources.ts';
import { failureForStepFunctions, failureOf, translate } from '../../aws/errors.ts';
import { EndedExecution, endOf } from '../../aws/executions/execution-event.ts';
import { release } from '../../aws/records/hold/environment.ts';
import { countSeen } from '../../aws/records/hold/hours.ts';
import { releaseNetwork } from '../../aws/records/hold/network.ts';
import type { Change } from '../../aws/records/hold/table.ts';
import { recordsHeldBy } from '../../aws/records/hold/transfer.ts';
import type { EnvironmentSubject } from '../../aws/records/read/environment.ts';
import { ifInstalled } from '../../aws/records/read/table.ts';
import { dynamodb, ec2 } from '../../aws/step/clients.ts';
import { logger } from '../../aws/step/logger.ts';
import { metrics } from '../../aws/step/metrics.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { EndedOperation, Failure, FormerOwner, HeldEnvironment } from '../../core/document.ts';
import type { Environment } from '../../core/environment.ts';
import { holderOf } from '../../core/lock.ts';
import { type Holder, Operation, settleSeconds } from '../../core/operation.ts';
import { kindsWith, type OperationKind } from '../../core/operations.ts';
import type { Settings } from '../../core/settings.ts';

const consoleLines = 20;
// If an instance is up but does not answer, its console says why.
const silent: readonly string[] = ['SshNotReady', 'InstanceNotRunning'];
const starting: readonly OperationKind[] = kindsWith({ ends: 'started' });

const Failed = v.object({
  /** Missing in an uninstall. Null in an execution that an older version started. */
  environment: v.nullish(HeldEnvironment),
  /** Only in a transfer. */
  formerOwner: v.optional(FormerOwner),
  operation: Operation,
  failure: Failure,
});

/**
 * Ends a failed operation: records the error and what EC2 shows of the instance, and releases what the operation held. An instance that runs
 * is stopped when its time has come, as after a start that succeeded. No operation takes the environment until the last Lambda must have
 * ended.
 *
 * The workflow calls it for a failure that it catches, and gets the failure for the execution to end with, as Step Functions writes a
 * Lambda's: `{ Error, Cause }`. A cancel calls it for the operation that it has stopped. EventBridge calls it for every execution that did
 * not succeed, whether the workflow could catch the failure or not. Only the first call changes something.
 */
export const failOperation = step({
  input: v.union([Failed, EndedOperation, EndedExecution]),
  output: Failure,
  uses: { dynamodb, ec2, metrics, logger, settings },
  async run(document, { dynamodb, ec2, metrics, logger, settings, clock }) {
    const context = { dynamodb, ec2, logger, settings, now: clock.now() };
    if ('detail' in document) {
      const ended = endOf(document);
      if (ended.alarming) countFailure(metrics, ended.operation.kind);
      await releaseAll(context, ended, ended.error);
      return failureForStepFunctions(ended.error);
    }
    const { environment, operation, failure } = document;
    const error = failureOf(failure.Error, failure.Cause);
    const console = environment && 'uid' in environment && starting.includes(operation.kind) && silent.includes(error.name);
    const message = console ? `${error.message}\n${await consoleTail(ec2, environment)}` : error.message;
    const formerOwner = 'formerOwner' in document ? document.formerOwner : undefined;
    await releaseAll(context, { environment, operation, otherOwner: formerOwner }, { name: error.name, message });
    return failureForStepFunctions({ name: error.name, message });
  },
});

export const handler = lambdaHandler(failOperation);

interface Context {
  readonly dynamodb: DynamoDBClient;
  readonly ec2: EC2Client;
  readonly logger: Logger;
  readonly settings: Settings;
  readonly now: number;
}

/** What an operation that has failed may hold. */
interface Holding {
  readonly environment: EnvironmentSubject | null | undefined;
  readonly operation: Holder;
  /** Of a transfer: who else has a record of the environment. */
  readonly otherOwner: string | undefined;
}

async function releaseAll(
  context: Context,
  { environment, operation, otherOwner }: Holding,
  { name, message }: { name: string; message: string },
): Promise<void> {
  const { dynamodb, now } = context;
  const at = new Date(now).toISOString();
  // An uninstall that fails at its very end has no table anymore, and nothing to release.
  await ifInstalled(releaseNetwork(dynamodb, operation, now));
  const held = environment && (await ifInstalled(recordsHeldBy(dynamodb, environment, operation, otherOwner)));
  for (const record of held ?? []) {
    const holder = holderOf(record);
    if (!holder) continue;
    const { set, remove } = await seen(context, record, holder);
    const end = { endedAt: at, error: name };
    const change = {
      set: { ...set, lastError: { name, message, at }, updatedAt: at },
      remove,
      end,
      quietUntil: now + settleSeconds * 1000,
    };
    await ifInstalled(release(dynamodb, record, holder, change));
  }
}

/** What EC2 shows of the instance, and when it is to stop. Empty if EC2 does not answer: a failed operation must release its lock. */
async function seen({ dynamodb, ec2, logger, settings, now }: Context, environment: Environment, { executionArn }: Holder) {
  const { name, observed, transferFrom } = environment;
  const nothing: Change = { set: {} };
  // While a transfer is not finished, the former owner's record has the instance.
  if (name === undefined || transferFrom !== undefined) return nothing;
  try {
    const instances = await findInstancesAlsoEnded(ec2, environment, observed?.instanceId);
    return await countSeen(dynamodb, environment, instances, { settings, now });
  } catch (error) {
    logger.warn('The instance of a failed operation cannot be observed', { executionArn, cause: translate(error) });
    return nothing;
  }
}

function countFailure(metrics: Metrics, kind: OperationKind): void {
  metrics.addMetadata('operation', kind);
  metrics.addMetric('OperationsFailed', MetricUnit.Count, 1);
  metrics.publishStoredMetrics();
}

/** The end of the console, or why it cannot be read: nothing may keep a failed operation from releasing its lock. */
async function consoleTail(ec2: EC2Client, environment: HeldEnvironment): Promise<string> {
  try {
    return await readConsole(ec2, environment);
  } catch (error) {
    return `Its console cannot be read: ${translate(error).message}`;
  }
}

async function readConsole(ec2: EC2Client, environment: HeldEnvironment): Promise<string> {
  const [instance] = await findInstances(ec2, environment);
  if (!instance) return 'It no longer has an instance.';
  const { Output } = await ec2.send(new GetConsoleOutputCommand({ InstanceId: instance.InstanceId }));
  const text = Buffer.from(Output ?? '', 'base64')
    .toString('utf8')
    .trimEnd();
  return text === '' ? 'Its console shows nothing yet.' : `The end of its console:\n${text.split('\n').slice(-consoleLines).join('\n')}`;
}
