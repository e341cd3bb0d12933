import * as v from 'valibot';
import type { Limit } from './buckets.ts';

// How long AWS takes and how much it takes at once: each number with its source. Times are milliseconds on the clock.

/** One value for the latencies of all services: what tests want, what AWS shows, and what AWS shows an account that asks for too much. */
export const Latency = v.picklist(['instant', 'calibrated', 'throttled']);
export type Latency = v.InferOutput<typeof Latency>;

/** The latency of a fresh process. */
export const defaultLatency: Latency = 'instant';

/** What changes a latency: `{ latency }`. */
export const LatencySettings = v.strictObject({ latency: Latency });

/** The latency of a service that has no other settings. It lasts until the process ends. */
export interface LatencySetting {
  /** The latency now. */
  get(): Latency;
  /** Mounted at `/_local/<service>`. POST `{ latency }` changes it, GET shows it, DELETE resets it. */
  admin(method: string, body: unknown): { readonly latency: Latency };
}

export function createLatencySetting(): LatencySetting {
  let latency = defaultLatency;
  return {
    get: () => latency,
    admin(method, body) {
      if (method === 'POST') latency = v.parse(LatencySettings, body).latency;
      if (method === 'DELETE') latency = defaultLatency;
      return { latency };
    },
  };
}

export interface Profile {
  readonly ec2: Ec2Profile;
  readonly dynamodb: DynamoDbProfile;
  readonly lambda: LambdaProfile;
  readonly stepFunctions: StepFunctionsProfile;
  readonly sts: StsProfile;
}

export interface Ec2Profile {
  /** Until RunInstances answers. */
  readonly runInstances: number;
  /** Until any other call answers. */
  readonly call: number;
  /** From the answer of RunInstances or StartInstances until `running`. */
  readonly pending: number;
  /** From `running` until the instance's own programs begin. */
  readonly booting: number;
  readonly stopping: number;
  readonly shuttingDown: number;
  /** From ModifyVolume until the volume is optimizing, and has its new size. */
  readonly modifying: number;
  /** How long the volume is optimizing, for each GiB of its size. */
  readonly optimizingPerGiB: number;
  /** From CreateImage until its snapshot is completed. */
  readonly snapshot: number;
  readonly limits?: Ec2Limits;
}

export interface Ec2Limits {
  /** Of each action that only reads. */
  readonly reading: Limit;
  /** Of these actions if they have neither a filter nor a page size. */
  readonly readingAll: { readonly actions: readonly string[]; readonly limit: Limit };
  /** Of each action that changes something. */
  readonly changing: Limit;
  /** Of actions with a limit of their own. */
  readonly actions: Readonly<Record<string, Limit>>;
  /** In instances instead of calls, in addition. */
  readonly instances: Readonly<Record<string, Limit>>;
}

export interface DynamoDbProfile {
  /** Until a call answers. */
  readonly call: number;
  /** Until a new table is ACTIVE. */
  readonly create: number;
  /** Until a deleted table is gone. */
  readonly delete: number;
}

export interface LambdaProfile {
  /** Without them, invocations share sandboxes, and take only the time that they take here. */
  readonly times?: LambdaTimes;
  /** How many invocations may run at once; without it, any number. */
  readonly concurrency?: number;
}

export interface LambdaTimes {
  /** Until a new sandbox begins to load its code. */
  readonly newSandbox: number;
  /** Until a used sandbox has its event. */
  readonly usedSandbox: number;
  /** How long a sandbox stays idle before it ends. */
  readonly idle: number;
  /** The memory with which a function has one CPU, in MB. With less, it has that share of one. */
  readonly memoryOfOneCpu: number;
}

export interface StsProfile {
  /** Until a call answers, over a new connection. */
  readonly call: number;
}

export interface StepFunctionsProfile {
  /** At the entry of each state, and before each retry. */
  readonly transition: number;
  /** The limits in a region. */
  readonly limits?: (region: string) => StepFunctionsLimits;
}

export interface StepFunctionsLimits {
  readonly actions: Readonly<Record<string, Limit>>;
  /** Transitions beyond it wait. */
  readonly transitions: Limit;
}

const instant: Profile = {
  // Long enough to see each state.
  ec2: {
    runInstances: 0,
    call: 0,
    pending: 150,
    booting: 150,
    stopping: 150,
    shuttingDown: 150,
    modifying: 150,
    optimizingPerGiB: 10,
    snapshot: 150,
  },
  dynamodb: { call: 0, create: 0, delete: 0 },
  lambda: {},
  stepFunctions: { transition: 0 },
  sts: { call: 0 },
};

const calibrated: Profile = {
  ec2: {
    // Measured on AWS with a t2.medium.
    ...{ runInstances: 1500, call: 300, pending: 4900, booting: 22_800, stopping: 20_000, shuttingDown: 30_000 },
    // "usually takes a few seconds", and "a fully used 1-TiB volume can take about 6 hours"
    // https://docs.aws.amazon.com/ebs/latest/userguide/monitoring-volume-modifications.html
    ...{ modifying: 3000, optimizingPerGiB: (6 * 60 * 60 * 1000) / 1024 },
    // An estimate: it grows with the blocks that were written. "The first snapshot of any volume is always a full snapshot":
    // https://repost.aws/knowledge-center/ebs-snapshot-ec2-ami-creation-slow
    snapshot: 180_000,
  },
  dynamodb: {
    // "For most atomic operations, such as GetItem and PutItem, an average latency is in single-digit milliseconds."
    // https://repost.aws/knowledge-center/dynamodb-high-latency
    call: 5,
    // Measured on AWS.
    create: 8000,
    delete: 8000,
  },
  lambda: {
    times: {
      // Lambda publishes no number. A minimal function on Node.js has an Init Duration of 100 to 150 ms, to which the sandbox and the
      // download of the code add about 200 ms. With the SDK, it is about 375 ms, most of it for the code, which is measured here:
      // https://speedrun.nobackspacecrew.com/blog/2025/07/21/the-fastest-node-22-lambda-coldstart-configuration.html
      // According to that page, the code loads with two CPUs whatever the memory. Here it has the function's share of one: the careful guess.
      newSandbox: 350,
      // An estimate: AWS publishes no number.
      usedSandbox: 20,
      // "Every instance lives for precisely 10 minutes after the last request", as measured; AWS publishes no number.
      // https://mikhail.io/2019/08/aws-lambda-cold-starts-after-10-minutes/
      idle: 600_000,
      // "At 1,769 MB, a function has the equivalent of one vCPU."
      // https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
      memoryOfOneCpu: 1769,
    },
  },
  // An estimate: AWS publishes no number.
  stepFunctions: { transition: 50 },
  // An estimate: AWS publishes no number. From a laptop, an answer of the global endpoint over a new connection took 456 ms, most of it for the
  // three or four round trips of TCP and TLS: https://github.com/aws/aws-cli/issues/5460. Within a region, a round trip takes about a millisecond.
  // What is left is the handshake's computing, the check of the signature and the answer: the careful guess is a third of a call to EC2.
  sts: { call: 100 },
};

/** https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html, for the actions that the embedded EC2 has */
const ec2Limits: Ec2Limits = {
  reading: { capacity: 100, perSecond: 20 },
  readingAll: {
    actions: ['DescribeInstances', 'DescribeInstanceStatus', 'DescribeNetworkInterfaces', 'DescribeSecurityGroups', 'DescribeVolumes'],
    limit: { capacity: 50, perSecond: 10 },
  },
  // Also that of resource-intensive actions, such as AuthorizeSecurityGroupIngress.
  changing: { capacity: 50, perSecond: 5 },
  actions: {
    CreateNetworkInterface: { capacity: 100, perSecond: 5 },
    CreateTags: { capacity: 100, perSecond: 10 },
    DeleteNetworkInterface: { capacity: 100, perSecond: 5 },
    DeleteTags: { capacity: 100, perSecond: 10 },
    DeleteVolume: { capacity: 100, perSecond: 5 },
    ModifyNetworkInterfaceAttribute: { capacity: 100, perSecond: 5 },
    RunInstances: { capacity: 5, perSecond: 2 },
    StartInstances: { capacity: 5, perSecond: 2 },
    TerminateInstances: { capacity: 100, perSecond: 5 },
  },
  instances: {
    RunInstances: { capacity: 1000, perSecond: 2 },
    StartInstances: { capacity: 1000, perSecond: 2 },
    StopInstances: { capacity: 1000, perSecond: 20 },
    TerminateInstances: { capacity: 1000, perSecond: 20 },
  },
};

// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html, for standard workflows
const sameInAllRegions = {
  DescribeStateMachine: { capacity: 200, perSecond: 20 },
  DescribeStateMachineForExecution: { capacity: 200, perSecond: 1 },
  GetExecutionHistory: { capacity: 400, perSecond: 20 },
  ListStateMachines: { capacity: 100, perSecond: 5 },
};
const largeRegions: readonly string[] = ['us-east-1', 'us-west-2', 'eu-west-1'];
const inLargeRegions: StepFunctionsLimits = {
  actions: {
    ...sameInAllRegions,
    StartExecution: { capacity: 1300, perSecond: 300 },
    DescribeExecution: { capacity: 300, perSecond: 15 },
    ListExecutions: { capacity: 200, perSecond: 5 },
    StopExecution: { capacity: 1000, perSecond: 200 },
  },
  transitions: { capacity: 5000, perSecond: 5000 },
};
const inOtherRegions: StepFunctionsLimits = {
  actions: {
    ...sameInAllRegions,
    StartExecution: { capacity: 800, perSecond: 150 },
    DescribeExecution: { capacity: 250, perSecond: 10 },
    ListExecutions: { capacity: 100, perSecond: 2 },
    StopExecution: { capacity: 500, perSecond: 25 },
  },
  transitions: { capacity: 800, perSecond: 800 },
};

const throttled: Profile = {
  ...calibrated,
  ec2: { ...calibrated.ec2, limits: ec2Limits },
  // The default quota of a region. A new account has less.
  // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
  lambda: { ...calibrated.lambda, concurrency: 1000 },
  stepFunctions: { ...calibrated.stepFunctions, limits: (region) => (largeRegions.includes(region) ? inLargeRegions : inOtherRegions) },
};

export const profiles: Readonly<Record<Latency, Profile>> = { instant, calibrated, throttled };
