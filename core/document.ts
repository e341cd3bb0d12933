import * as v from 'valibot';
import { AutoStop, GivenAutoStop } from './auto-stop.ts';
import { EnvironmentRequest, GivenChanges, GivenRequest, Instance } from './environment.ts';
import { EnvironmentName } from './environment-name.ts';
import { extents, Finding, Found } from './finding.ts';
import { IdleStop } from './idle-stop.ts';
import { InstanceType, InstanceTypeName } from './instance-type.ts';
import { Keep } from './kept.ts';
import { Network, NetworkIds, ReadyNetwork } from './network.ts';
import { KeyFingerprint, PublicKey } from './openssh-key.ts';
import { Operation } from './operation.ts';
import { forEach, kindsWith } from './operations.ts';
import { NewOwner, Owner } from './owner.ts';
import { RegionPrices } from './prices.ts';
import { Proof } from './proof.ts';
import { Repository } from './repository.ts';
import { environmentStatuses } from './status.ts';

/**
 * The nouns of the state document, which a workflow passes from step to step. A step names the nouns it takes and the one it makes.
 * BeginOperation makes the first ones. The workflow puts each further one under its name.
 */

/** The result of a step that makes no noun. Its states have `ResultPath: null`. */
export const Nothing = v.void();

/** Who starts an execution proves it. Only an automatic stop has no proof. */
const proof = { proof: v.exactOptional(Proof) };

/** What a step gets, besides the input, that asks who started its execution. */
export const provenExecution = {
  executionArn: v.string(),
  /** The input as it was given, which the proof in it signs. */
  signed: v.unknown(),
};

// The longest sort key that DynamoDB has, in bytes.
const KeyPart = v.pipe(v.string(), v.nonEmpty(), v.maxLength(1024));

/** An availability zone, such as `us-east-1a`. */
export const ZoneName = v.pipe(v.string(), v.regex(/^[a-z]{2}(-[a-z0-9]{1,12}){1,4}$/, 'an availability zone'));

/** Which environment is due to stop, and at what time, so that an automatic stop stops no other. */
export const Due = v.object({ uid: v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/)), stopAt: v.pipe(v.string(), v.isoTimestamp()) });
export type Due = v.InferOutput<typeof Due>;

/** An environment that is due, as a sweep finds it. */
export const DueEnvironment = v.object({ owner: v.string(), repository: v.string(), ...Due.entries });
export type DueEnvironment = v.InferOutput<typeof DueEnvironment>;

/**
 * The input of an execution on an environment that has a record. It is only used to find the record, so an environment whose names only an
 * older version accepted can still be stopped and removed.
 */
export const RecordedEnvironmentInput = v.object({
  ...proof,
  environment: v.object({ owner: KeyPart, repository: KeyPart }),
  /** Only in an automatic stop. */
  due: v.exactOptional(Due),
  /** Only in a restart that changes something. */
  request: v.exactOptional(v.strictObject({ instanceType: v.exactOptional(InstanceTypeName) })),
  /** Only in a removal. Missing for the team's default. */
  keep: v.exactOptional(Keep),
  /** Only in a move. Missing if any other zone will do. */
  zone: v.exactOptional(ZoneName),
  /** Only in a rename. Missing to finish one that failed. */
  name: v.exactOptional(EnvironmentName),
  /** Only in a transfer: who gets it. Missing to finish one that failed. */
  to: v.exactOptional(NewOwner),
});
export type RecordedEnvironmentInput = v.InferOutput<typeof RecordedEnvironmentInput>;

/** The input of an execution of the start workflow. */
export const StartInput = v.object({
  ...proof,
  environment: v.object({ owner: Owner, repository: Repository }),
  request: GivenRequest,
  /** Only in a restore: the name that the environment had. It gets it again, unless another one has it. */
  name: v.exactOptional(EnvironmentName),
});
export type StartInput = v.InferOutput<typeof StartInput>;

/** The input of an execution of the cancel workflow. */
export const CancelInput = v.object({
  ...proof,
  environment: RecordedEnvironmentInput.entries.environment,
  /** The execution of the operation to cancel. Another one that holds the environment by then is left alone. */
  executionArn: v.string(),
});
export type CancelInput = v.InferOutput<typeof CancelInput>;

/** The input of an execution that changes when an environment stops automatically. */
export const ScheduleInput = v.object({
  ...proof,
  environment: RecordedEnvironmentInput.entries.environment,
  change: v.variant('action', [
    /** A time and not a duration, so that a repeated attempt changes nothing more. */
    v.strictObject({ action: v.literal('extend'), stopAt: Due.entries.stopAt }),
    /** One of the two, or both. */
    v.pipe(
      v.strictObject({ action: v.literal('set'), autoStop: v.exactOptional(GivenAutoStop), idleStop: v.exactOptional(IdleStop) }),
      v.check(({ autoStop, idleStop }) => autoStop !== undefined || idleStop !== undefined, 'a stop to set'),
    ),
    /** Back to the team's defaults. */
    v.strictObject({ action: v.literal('clear') }),
  ]),
});
export type ScheduleInput = v.InferOutput<typeof ScheduleInput>;

/** Whether an environment stops next before its time, because its owner has no hours for longer. */
const cut = v.exactOptional(v.literal(true));

/** When an environment stops from then on: by its owner's choice, if there is one, and next (ISO 8601), if it runs. */
export const ScheduleOutput = v.object({
  autoStop: v.nullable(AutoStop),
  stopAt: v.nullable(v.string()),
  cut,
  /** After how long without use: its owner's choice or the team's. */
  idleStop: IdleStop,
});
export type ScheduleOutput = v.InferOutput<typeof ScheduleOutput>;

/** The input of an execution that changes the keys of an environment. */
export const KeysInput = v.object({
  ...proof,
  environment: v.object({ owner: KeyPart, repository: KeyPart }),
  change: v.variant('action', [
    v.strictObject({ action: v.literal('add'), publicKey: PublicKey }),
    v.strictObject({ action: v.literal('remove'), fingerprint: KeyFingerprint }),
  ]),
});
export type KeysInput = v.InferOutput<typeof KeysInput>;

/** The output of such an execution: the keys that the environment accepts now. */
export const KeysOutput = v.object({ publicKeys: v.array(v.string()) });

/** The input of an execution that deletes the kept disks of an environment that was removed. */
export const DeleteKeptInput = v.object({ ...proof, environment: v.object({ owner: KeyPart, repository: KeyPart }) });

/** How many kept disks were deleted. */
export const DeletedKept = v.object({ deleted: v.number() });

/** Whether an uninstall deletes the kept disks of the region. Otherwise it is refused while there are any. */
const deleteKept = { deleteKept: v.exactOptional(v.literal(true)) };

/** The input of an execution of the uninstall workflow. */
export const UninstallInput = v.object({ ...proof, ...deleteKept });
export type UninstallInput = v.InferOutput<typeof UninstallInput>;

/** The environment that an operation holds. It has claimed a name. */
export const HeldEnvironment = v.object({
  uid: v.string(),
  owner: v.string(),
  repository: v.string(),
  name: v.string(),
  /** The names that it had before a rename that is not finished. */
  formerNames: v.exactOptional(v.array(v.string())),
  /** What is asked for now. */
  request: EnvironmentRequest,
  /** What its record said before the operation took it. */
  recorded: v.object({
    status: v.picklist(environmentStatuses),
    request: EnvironmentRequest,
    instanceId: v.nullable(v.string()),
    stopAt: v.optional(v.string()),
    updatedAt: v.optional(v.string()),
    /** When EC2 last showed that its instance runs (ISO 8601), if that is what it showed last. */
    ranAt: v.optional(v.string()),
    /** Whether an earlier start may have left a change of the instance unfinished. */
    changing: v.optional(v.boolean()),
  }),
});
export type HeldEnvironment = v.InferOutput<typeof HeldEnvironment>;

/** An environment that accepts a key, which an instance can be launched with. */
export const KeyedEnvironment = v.object({
  ...HeldEnvironment.entries,
  request: v.object({ ...EnvironmentRequest.entries, publicKey: v.string() }),
});
export type KeyedEnvironment = v.InferOutput<typeof KeyedEnvironment>;

export const Image = v.object({ imageId: v.string(), rootDeviceName: v.string() });

const { vpcId, subnets } = NetworkIds.entries;

/** The network, for a start that uses it: ready, or with what an instance needs to be launched. */
export const UsableNetwork = v.object({
  status: v.picklist(['creating', 'ready']),
  ids: v.union([
    v.object({ vpcId, subnets }),
    // In an execution that an older version started.
    v.pipe(
      v.object({ vpcId, subnetId: v.string() }),
      v.transform(({ vpcId, subnetId }): { vpcId: string; subnets: NetworkIds['subnets'] } => ({ vpcId, subnets: [{ subnetId }] })),
    ),
  ]),
});

export const Vpc = v.object({ vpcId: v.string() });
export const InternetGateway = v.object({ internetGatewayId: v.string() });
/** The subnet that the environment's network interface is created in. */
export const Subnet = v.object({
  subnetId: v.string(),
  /** What this start has given up on: the subnets without a free address, and the zones without capacity for its instance type. */
  full: v.optional(v.array(v.string()), []),
  withoutCapacity: v.optional(v.array(v.string()), []),
});
export type Subnet = v.InferOutput<typeof Subnet>;
export const RouteTable = v.object({ routeTableId: v.string() });
export const SecurityGroup = v.object({ securityGroupId: v.string() });
export type SecurityGroup = v.InferOutput<typeof SecurityGroup>;
export const KeyPair = v.object({ keyName: v.string() });
export const NetworkInterface = v.object({ networkInterfaceId: v.string() });
/** The network interface with the zone of its subnet. An older version did not hand on the zone. */
export const PlacedInterface = v.object({ ...NetworkInterface.entries, zone: v.string() });

// Whether the control plane checks SSH.
const checkSsh = v.boolean();

/** The plan of a start that launches an instance. */
export const LaunchPlan = v.object({
  action: v.literal('create'),
  checkSsh,
  /** Whether the environment is so new that it has no resource yet: what has to be created needs no look before. */
  nothingExists: v.optional(v.boolean(), false),
});
export type LaunchPlan = v.InferOutput<typeof LaunchPlan>;

/** The plan of a start that finds an instance. */
export const FoundPlan = v.object({
  action: v.picklist(['start', 'wait', 'nothing']),
  instanceId: v.string(),
  checkSsh,
  /** Whether PlanStart has started it. */
  started: v.exactOptional(v.literal(true)),
  /** Whether a stopped instance has the user data that its next boot needs, so that it can be started without EnsureUserData. */
  userDataCurrent: v.optional(v.boolean(), false),
  /** The root volume, if it may have to change. ChangeVolume takes it out. */
  volumeId: v.exactOptional(v.string()),
  /** The type that the instance has, and the one it gets. ChangeInstanceType takes it out. */
  typeChange: v.exactOptional(v.object({ from: v.string(), to: v.string() })),
  /** The type that it had before this start changed it. */
  formerType: v.exactOptional(v.string()),
});
export type FoundPlan = v.InferOutput<typeof FoundPlan>;

/** The same, of an instance whose volume may have to change. */
export const VolumePlan = v.object({ ...FoundPlan.entries, volumeId: v.string() });

/** The same, of an instance that gets another type. */
export const TypePlan = v.object({ ...FoundPlan.entries, typeChange: v.object({ from: v.string(), to: v.string() }) });

/** What a start does. PlanStart decides it, or BeginOperation for a new environment. Only what has been changed is taken out of it. */
export const Plan = v.variant('action', [LaunchPlan, FoundPlan]);
export type Plan = v.InferOutput<typeof Plan>;

/** The instance that a start has launched. Missing if it found one. */
export const Launch = v.object({ instanceId: v.string() });
export type Launch = v.InferOutput<typeof Launch>;

/** The instance of a started environment. */
export const RunningInstance = v.object({
  ...Instance.entries,
  publicIpAddress: v.string(),
  /** When it was last started (ISO 8601). Missing in an execution that an older version started. */
  launchedAt: v.optional(v.string()),
});
export type RunningInstance = v.InferOutput<typeof RunningInstance>;

/** The instance of a stopped environment. Null if EC2 shows too little of it to record. */
export const StoppedInstance = v.nullable(
  v.object({
    ...Instance.entries,
    /** When it began to stop (ISO 8601), if EC2 tells. */
    stoppedAt: v.optional(v.string()),
  }),
);
export type StoppedInstance = v.InferOutput<typeof StoppedInstance>;

// Missing in an execution that an older version started.
const ids = v.optional(v.array(v.string()), []);

/** Until when (ISO 8601) a removal keeps the disk. */
export const KeepUntil = v.object({ until: v.string() });
export type KeepUntil = v.InferOutput<typeof KeepUntil>;

/** The image of the disk that a removal keeps, and until when. */
export const KeptImage = v.object({ imageId: v.string(), until: v.string() });
export type KeptImage = v.InferOutput<typeof KeptImage>;

/** The instances that a remove waits for, and what it deletes once they are terminated. */
export const TerminatingInstances = v.object({
  instanceIds: v.array(v.string()),
  networkInterfaceIds: ids,
  securityGroupIds: ids,
});

/** The instances that a stop waits for: one, unless someone launched more with the environment's tags. */
export const StoppingInstances = v.object({
  instanceIds: v.tupleWithRest([v.string()], v.string()),
  /** False if all were stopped already. */
  changed: v.boolean(),
});

/** An error, as state machines catch it and end with it. */
export const Failure = v.object({ Error: v.string(), Cause: v.optional(v.string(), '') });
export type Failure = v.InferOutput<typeof Failure>;

/** An operation whose execution no longer runs, and how it ended. It may still hold its environment. */
export const EndedOperation = v.object({
  environment: RecordedEnvironmentInput.entries.environment,
  operation: Operation,
  failure: Failure,
});
export type EndedOperation = v.InferOutput<typeof EndedOperation>;

/** An environment that the operation to cancel does not hold (any more). */
export const NotHeld = v.object({ environment: RecordedEnvironmentInput.entries.environment });

/** What a cancel has left of an operation. */
export const CancelledOperation = v.union([EndedOperation, NotHeld]);
export type CancelledOperation = v.InferOutput<typeof CancelledOperation>;

const ofEnvironment = { environment: HeldEnvironment, operation: Operation };
const ofKeyed = { environment: KeyedEnvironment, operation: Operation };

/** The operations on an environment that has a record. */
export const recordedKinds = kindsWith({ creates: false });

/** Those of them that start it. */
export const restartingKinds = kindsWith({ creates: false, ends: 'started' });

/** The disk is deleted with the instance if it is missing. */
const keep = v.optional(KeepUntil);

const ofStart = {
  kind: v.literal('start'),
  ...ofKeyed,
  request: GivenRequest,
  instanceType: InstanceType,
  network: Network,
  /** Missing if the network is not ready, the environment has an instance, or no subnet fits. */
  subnet: v.optional(Subnet),
  /** A new environment has its plan already. */
  plan: v.optional(LaunchPlan),
};

const ofRestart = {
  network: ReadyNetwork,
  /** Missing in an execution that an older version started. */
  request: v.optional(GivenChanges),
  /** Missing unless the type of the instance changes. */
  instanceType: v.optional(InstanceType),
};

const ofMove = {
  network: ReadyNetwork,
  /** With the zones that the environment may move to. */
  instanceType: InstanceType,
  /** Missing if no subnet of these zones fits. */
  subnet: v.optional(Subnet),
  plan: LaunchPlan,
  /** Until when its disk is kept if the move does not succeed. */
  keep: KeepUntil,
};

/** Who had an environment before its transfer, whose record it still is until that is finished. */
export const FormerOwner = v.string();

const ofTransfer = {
  formerOwner: FormerOwner,
  /** False if the resources have the tag of the new owner already, and the former one may have others by now. */
  handOver: v.boolean(),
};

/** The first nouns of each operation's state document. */
export const Begun = {
  start: v.object(ofStart),
  ...forEach(recordedKinds, (kind) => v.object({ kind: v.literal(kind), ...ofEnvironment })),
  ...forEach(restartingKinds, (kind) => v.object({ kind: v.literal(kind), ...ofKeyed, ...ofRestart })),
  move: v.object({ kind: v.literal('move'), ...ofKeyed, ...ofMove }),
  transfer: v.object({ kind: v.literal('transfer'), ...ofEnvironment, ...ofTransfer }),
  remove: v.object({ kind: v.literal('remove'), ...ofEnvironment, keep }),
  uninstall: v.object({ kind: v.literal('uninstall'), operation: Operation, network: Network, ...deleteKept }),
};
export type Begun = { readonly [Kind in keyof typeof Begun]: v.InferOutput<(typeof Begun)[Kind]> };

/** What a sweep has found so far. */
export const DueEnvironments = v.object({
  /** In batches, one for each Lambda that requests stops. */
  batches: v.array(v.array(DueEnvironment)),
  /** The last one found, after which the sweep continues: its id, and its time if the index is read. Null at the end. */
  after: v.nullable(v.object({ id: v.string(), dueAt: v.optional(v.string()) })),
  /** The first failure to request a stop. The sweep ends with it. */
  failure: v.nullable(Failure),
});

/** How many environments get an earlier stop, because their owners have no hours for longer. */
export const CutRuns = v.object({ cut: v.number() });

/** How many stops one Lambda has requested. */
export const RequestedStops = v.object({ requested: v.number() });

/** What a refresh of the prices has read so far, and where it continues. */
export const PricesRead = v.object({
  found: RegionPrices,
  /** The index of the query, and the token of its page. Missing at the end. */
  next: v.optional(v.object({ query: v.number(), token: v.optional(v.string()) })),
});
export type PricesRead = v.InferOutput<typeof PricesRead>;

/** The most resources that one check deletes. */
export const mostDeleted = 100;

const ResourceId = v.pipe(v.string(), v.regex(/^(i|vol|eni|sg|key|rtb|igw|subnet|vpc)-[0-9a-f]{1,32}$/, 'the ID of a resource'));

/** The input of a check of the records. Without a proof it may change no resource. */
export const ReconcileInput = v.object({
  ...proof,
  /** How far it may change things. Nothing by default. */
  extent: v.exactOptional(v.picklist(extents)),
  /** The resources to delete, which the person has seen in a plan. */
  delete: v.exactOptional(v.pipe(v.array(ResourceId), v.maxLength(mostDeleted))),
});
export type ReconcileInput = v.InferOutput<typeof ReconcileInput>;

/** What a check of the records may do. */
export const Check = v.object({
  extent: v.picklist(extents),
  delete: v.array(ResourceId),
  /** Who has asked for it. Null if it may change no resource. */
  by: v.nullable(v.object({ owner: v.string(), administrator: v.boolean() })),
});
export type Check = v.InferOutput<typeof Check>;

/** The first nouns of such a check. */
export const BegunReconcile = v.object({
  check: Check,
  /** Under which it holds the network while it repairs it. */
  operation: Operation,
});

/** A page of a check: what it has found, and where the check continues. */
export const ReconcilePage = v.object({
  /** All pages together so far. */
  found: Found,
  /** On this page. */
  findings: v.array(Finding),
  /** Missing at the end of a pass. */
  next: v.exactOptional(v.object({ after: v.exactOptional(v.string()), subject: v.exactOptional(v.string()) })),
  /** What the network is to be repaired with. */
  repair: v.exactOptional(v.object({ vpc: Vpc, subnet: v.object({ subnetId: v.string() }) })),
});
export type ReconcilePage = v.InferOutput<typeof ReconcilePage>;

/** What a check has deleted, and what it has kept for a reason. */
export const Deletion = v.object({ deleted: v.array(v.string()), kept: v.array(v.object({ id: v.string(), reason: v.string() })) });
export type Deletion = v.InferOutput<typeof Deletion>;

/** The output of a check. */
export const ReconcileOutput = v.variant('status', [
  v.object({ status: v.literal('checked'), found: Found, deletion: v.exactOptional(Deletion) }),
  v.object({ status: v.literal('not-installed') }),
]);
export type ReconcileOutput = v.InferOutput<typeof ReconcileOutput>;

/** The output of a start: what the CLI prints. */
export const StartOutput = v.object({
  owner: v.string(),
  repository: v.string(),
  name: v.string(),
  status: v.literal('started'),
  created: v.boolean(),
  /** False if it was started already. */
  changed: v.optional(v.boolean(), true),
  instanceId: v.string(),
  instanceType: v.string(),
  publicIpAddress: v.string(),
  hostKey: v.string(),
  publicKey: v.string(),
  /** The IPv4 blocks that may reach SSH. */
  allowCidrs: v.optional(v.array(v.string())),
  /** When it stops automatically (ISO 8601). Null for never. */
  stopAt: v.optional(v.nullable(v.string()), null),
  cut,
  /** After how long without use it stops. Missing in an execution that an older version started. */
  idleStop: v.optional(IdleStop),
});
export type StartOutput = v.InferOutput<typeof StartOutput>;

/** The output of a stop. */
export const StopOutput = v.object({
  owner: v.string(),
  repository: v.string(),
  name: v.string(),
  status: v.literal('stopped'),
  /** False if it was stopped already. */
  changed: v.boolean(),
  instanceId: v.string(),
  instanceType: v.string(),
});
export type StopOutput = v.InferOutput<typeof StopOutput>;

/** The output of a rename. */
export const RenameOutput = v.object({
  owner: v.string(),
  repository: v.string(),
  name: v.string(),
  status: v.literal('renamed'),
  /** False if it had the name already. */
  changed: v.boolean(),
});
export type RenameOutput = v.InferOutput<typeof RenameOutput>;

/** The output of a transfer. */
export const TransferOutput = v.object({
  /** Who has it now. */
  owner: v.string(),
  formerOwner: v.string(),
  repository: v.string(),
  name: v.string(),
  status: v.literal('transferred'),
});
export type TransferOutput = v.InferOutput<typeof TransferOutput>;

/** The output of a remove. */
export const RemoveOutput = v.object({
  owner: v.string(),
  repository: v.string(),
  name: v.string(),
  status: v.literal('removed'),
  /** Until when its disk is kept (ISO 8601). Null if it was deleted. */
  keptUntil: v.optional(v.nullable(v.string()), null),
});
export type RemoveOutput = v.InferOutput<typeof RemoveOutput>;

/** The output of an uninstall. */
export const UninstallOutput = v.object({ status: v.picklist(['uninstalled', 'not-installed']) });
export type UninstallOutput = v.InferOutput<typeof UninstallOutput>;
