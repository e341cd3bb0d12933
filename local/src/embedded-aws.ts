import { mkdirSync } from 'node:fs';
import { type Clock, openClock } from './clock.ts';
import { createDynamoDb } from './dynamodb/dynamodb.ts';
import { createEc2 } from './ec2/ec2.ts';
import type { InstanceChange } from './eventbridge/eventbridge.ts';
import { createEventBridge } from './eventbridge/eventbridge.ts';
import { latencyAdmin } from './gateway/admin.ts';
import { createFaults } from './gateway/faults.ts';
import { createGateway } from './gateway/gateway.ts';
import { createSwitch } from './gateway/switch.ts';
import { createIam } from './iam/iam.ts';
import { createInstanceHost, type InstanceHost } from './instance-host/instance-host.ts';
import { createLambda } from './lambda/lambda.ts';
import { createPricing } from './pricing/pricing.ts';
import { createScheduler } from './scheduler/scheduler.ts';
import { emptyStack, readStack } from './stack/stack.ts';
import { createStepFunctions } from './step-functions/step-functions.ts';
import { openStore } from './store.ts';
import { createSts } from './sts/sts.ts';

export interface EmbeddedAws {
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  readonly clock: Clock;
  /** Stops everything. The state stays on disk. */
  stop(): Promise<void>;
}

export interface EmbeddedAwsOptions {
  /** Created if it does not exist. */
  readonly stateDirectory: string;
  /** The region in which the stack is deployed. */
  readonly region: string;
  /** The packaged stack. Without it, nothing is deployed. */
  readonly packageDirectory?: string;
  /** The bundle of `lambda/runtime.ts`. Functions need it. */
  readonly runtimeFile?: string;
  /** How long the sandbox of a function stays idle before it ends, in milliseconds: by default a minute. */
  readonly idleTime?: number;
  /** The preferred port. Without it, or if it is in use, a free port is taken. */
  readonly port?: number;
  /** The host of all instances: by default, one with SSH servers. */
  readonly instances?: (clock: Clock) => InstanceHost;
  /** Learns which state an instance has entered. */
  readonly onInstanceState?: (change: InstanceChange) => void;
}

const accountId = '000000000000';

/**
 * Starts the embedded AWS in this process. It reads all of its state before it listens.
 * Throws `StateDamaged` for state that cannot be read, `StorageFailed` and `UnsupportedTemplate`.
 * When a write of the state fails later, it throws a `StorageFailed` that nobody catches: it ends the process unless a handler does.
 */
export async function startEmbeddedAws(options: EmbeddedAwsOptions): Promise<EmbeddedAws> {
  const { stateDirectory, region, packageDirectory, runtimeFile = '' } = options;
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  const running: (() => void | Promise<void>)[] = [];
  /** In the reverse order of the starts. */
  const stop = async () => {
    for (let end = running.pop(); end; end = running.pop()) await end();
  };

  try {
    const store = openStore(stateDirectory);
    const clock = openClock(store);
    running.push(() => clock.stop());
    const place = { accountId, region };
    const stack = packageDirectory ? readStack(packageDirectory, place) : emptyStack(place);
    const instances = options.instances?.(clock) ?? createInstanceHost({ stateDirectory, clock });
    running.push(() => instances.stop());
    const dynamodb = await createDynamoDb({ stateDirectory, region, accountId, clock });
    running.push(() => dynamodb.stop());
    let endpoint = '';
    const iam = createIam({
      stack,
      ownerOf: (accessKeyId) => lambda.ownerOf(accessKeyId),
      arnOf: (accessKeyId) => sts.arnOf(accessKeyId),
    });
    const lambda = createLambda({
      stack,
      stateDirectory,
      endpoint: () => endpoint,
      clock,
      runtimeFile,
      invocationRefusal: iam.invocationRefusal,
      ...(options.idleTime === undefined ? {} : { idleTime: options.idleTime }),
    });
    running.push(() => lambda.stop());
    const eventBridge = createEventBridge({ stack, clock, store, lambda });
    const [events, schedule] = [createSwitch(), createSwitch()];
    const onStatusChange: typeof eventBridge.publishExecution = (execution) => {
      if (events.on()) eventBridge.publishExecution(execution);
    };
    const onStateChange: typeof eventBridge.publishInstance = (change) => {
      options.onInstanceState?.(change);
      if (events.on()) eventBridge.publishInstance(change);
    };
    const stepFunctions = createStepFunctions({ stack, clock, store, lambda, onStatusChange });
    const scheduler = createScheduler({
      schedules: stack.schedules,
      clock,
      store,
      start(stateMachineArn, input) {
        if (schedule.on()) stepFunctions.start(stateMachineArn, input);
      },
      refusal: iam.startRefusal,
    });
    // Last, because it boots its instances at once.
    const ec2 = createEc2({ accountId, clock, stateDirectory, instances, authorize: iam.authorizeEc2, onStateChange });
    running.push(() => ec2.stop());
    const sts = createSts({ accountId, ownerOf: iam.ownerOf, clock });

    const gateway = await createGateway({
      services: {
        ec2,
        states: iam.guardStepFunctions(stepFunctions),
        dynamodb: iam.guardDynamoDb(dynamodb),
        sts,
        pricing: iam.guardPricing(createPricing()),
      },
      admin: {
        status: () => ({ pid: process.pid, endpoint, region, accountId, stateDirectory }),
        ec2: ec2.admin,
        dynamodb: dynamodb.admin,
        lambda: lambda.admin,
        identities: sts.admin,
        iam: iam.admin,
        eventbridge: events.admin,
        scheduler: schedule.admin,
        stepfunctions: stepFunctions.admin,
        sts: sts.latency,
        latency: latencyAdmin({
          ec2: ec2.admin,
          dynamodb: dynamodb.admin,
          lambda: lambda.admin,
          stepfunctions: stepFunctions.admin,
          sts: sts.latency,
        }),
      },
      clock,
      faults: createFaults(),
      stateDirectory,
      ownerOf: lambda.ownerOf,
      secretOf: sts.secretOf,
      crash: lambda.crash,
      ...(options.port === undefined ? {} : { port: options.port }),
    });
    running.push(() => gateway.stop());
    // Stops before the gateway. Otherwise the executions would see calls fail, and follow the paths of their failures.
    running.push(() => stepFunctions.stop());
    endpoint = gateway.endpoint;
    // These stop before Step Functions. The next process publishes that the executions ended with this one.
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
