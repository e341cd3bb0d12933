import { mkdirSync } from 'node:fs';
import { type Clock, openClock } from './clock.ts';
import { createDynamoDb } from './dynamodb/dynamodb.ts';
import { createEc2 } from './ec2/ec2.ts';
import { createEventBridge } from './eventbridge/eventbridge.ts';
import { readInvokeConfigs } from './eventbridge/invoke-config.ts';
import { readRules } from './eventbridge/rule.ts';
import { createFaults } from './gateway/faults.ts';
import { createGateway } from './gateway/gateway.ts';
import { createSwitch } from './gateway/switch.ts';
import { createIam } from './iam/iam.ts';
import { noRoles, readRoles } from './iam/roles.ts';
import { createInstanceHost } from './instance-host/instance-host.ts';
import { createPool } from './lambda/lambda.ts';
import { readSchedules } from './scheduler/schedule.ts';
import { createScheduler } from './scheduler/scheduler.ts';
import { readStack } from './stack/stack.ts';
import { createStepFunctions } from './step-functions/step-functions.ts';
import { openStore } from './store.ts';
import { createSts } from './sts/sts.ts';

export interface EmbeddedAws {
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  readonly clock: Clock;
  /** Stops everything that runs; the state stays on disk. */
  stop(): Promise<void>;
}

export interface EmbeddedAwsOptions {
  /** Made if it is not there. */
  readonly stateDirectory: string;
  /** Where the stack is deployed. */
  readonly region: string;
  /** The packaged stack. Without it nothing is deployed: no functions, no state machines. */
  readonly packageDirectory?: string;
  /** The bundle of `lambda/runtime.ts`; needed to run functions. */
  readonly runtimeFile?: string;
  /** The port to prefer; a free one is taken without it, or where somebody else has it. */
  readonly port?: number;
}

/**
 * Starts the embedded AWS in this process. It reads all of its state before it listens.
 * Throws `StateDamaged` for a file or folder of the state that cannot be read back, `StorageFailed` and `UnsupportedTemplate`.
 * Once it runs, a failed write of the state is a `StorageFailed` that nobody catches: it ends the process unless a handler does.
 */
export async function startEmbeddedAws(options: EmbeddedAwsOptions): Promise<EmbeddedAws> {
  const { stateDirectory, region, packageDirectory, runtimeFile = '' } = options;
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  const running: (() => void | Promise<void>)[] = [];
  /** What was started last stops first. */
  const stop = async () => {
    for (let end = running.pop(); end; end = running.pop()) await end();
  };

  try {
    const store = openStore(stateDirectory);
    const clock = openClock(store);
    running.push(() => clock.stop());
    const stack = packageDirectory
      ? readStack(packageDirectory, { accountId, region })
      : { accountId, region, functions: [], stateMachines: [] };
    const rules = packageDirectory ? readRules(packageDirectory, stack) : [];
    const invokeConfigs = packageDirectory ? readInvokeConfigs(packageDirectory, stack) : new Map();
    const schedules = packageDirectory ? readSchedules(packageDirectory, stack) : [];
    const instances = createInstanceHost({ stateDirectory });
    running.push(() => instances.stop());
    const dynamodb = await createDynamoDb({ stateDirectory, region, accountId, clock });
    running.push(() => dynamodb.stop());
    let endpoint = '';
    const iam = createIam({
      accountId,
      region,
      roles: packageDirectory ? readRoles(packageDirectory, { accountId, region }) : noRoles,
      ownerOf: (accessKeyId) => pool.ownerOf(accessKeyId),
      arnOf: (accessKeyId) => sts.arnOf(accessKeyId),
    });
    const pool = createPool({
      stack,
      stateDirectory,
      endpoint: () => endpoint,
      clock,
      runtimeFile,
      invocationRefusal: iam.invocationRefusal,
    });
    running.push(() => pool.stop());
    const eventBridge = createEventBridge({ stack, rules, invokeConfigs, clock, store, pool });
    const [events, schedule] = [createSwitch(), createSwitch()];
    const onStatusChange: typeof eventBridge.publish = (execution) => {
      if (events.on()) eventBridge.publish(execution);
    };
    const stepFunctions = createStepFunctions({ stack, clock, store, pool, onStatusChange });
    const scheduler = createScheduler({
      schedules,
      clock,
      store,
      start(stateMachineArn, input) {
        if (schedule.on()) stepFunctions.start(stateMachineArn, input);
      },
      refusal: iam.startRefusal,
    });
    // Last, because its instances boot as soon as they are restored.
    const ec2 = createEc2({ accountId, clock, store, instances, authorize: iam.authorizeEc2 });
    running.push(() => ec2.stop());
    const sts = createSts({ accountId, ownerOf: iam.ownerOf });

    const gateway = await createGateway({
      services: {
        ec2,
        states: iam.guardStepFunctions(stepFunctions),
        dynamodb: iam.guardDynamoDb(dynamodb),
        sts,
      },
      admin: {
        status: () => ({ pid: process.pid, endpoint, region, accountId, stateDirectory }),
        ec2: ec2.admin,
        dynamodb: dynamodb.admin,
        lambda: pool.admin,
        identities: sts.admin,
        iam: iam.admin,
        eventbridge: events.admin,
        scheduler: schedule.admin,
      },
      clock,
      faults: createFaults(),
      stateDirectory,
      ownerOf: pool.ownerOf,
      crash: pool.crash,
      ...(options.port === undefined ? {} : { port: options.port }),
    });
    running.push(() => gateway.stop());
    // Before the gateway, whose end would lead executions along the paths of their failures.
    running.push(() => stepFunctions.stop());
    endpoint = gateway.endpoint;
    // They stop before Step Functions does: that executions end with the process is delivered by the next one.
    eventBridge.begin();
    running.push(() => eventBridge.stop());
    scheduler.begin();
    running.push(() => scheduler.stop());
    return { endpoint, region, accountId, clock, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const accountId = '000000000000';
