import * as v from 'valibot';
import { EnvironmentRequest, GivenRequest } from './environment.ts';
import { Owner } from './owner.ts';
import { Repository } from './repository.ts';
import { environmentStatuses } from './status.ts';

/**
 * The state document that a workflow hands from step to step: what each of its nouns holds. A step names the nouns it needs in its
 * own schema; BeginOperation puts the first ones, and each further one is the result of the step of its name.
 */

/** Who asks, for the teammates who meet the operation. It need not be the environment's owner. */
const Caller = Owner;

// The longest sort key that DynamoDB has, in bytes.
const KeyPart = v.pipe(v.string(), v.nonEmpty(), v.maxLength(1024));

/**
 * The input of an execution on an environment that has a record. It only finds the record, and everything after that is the record's own: one
 * whose names an older version accepted can still be stopped and removed.
 */
export const RecordedEnvironmentInput = v.object({ caller: Caller, environment: v.object({ owner: KeyPart, repository: KeyPart }) });
export type RecordedEnvironmentInput = v.InferOutput<typeof RecordedEnvironmentInput>;

/** Which environment is due to be stopped, and at which of its times: a stop that nobody asked for stops no other. */
export const Due = v.object({ uid: v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/)), stopAt: v.pipe(v.string(), v.isoTimestamp()) });
export type Due = v.InferOutput<typeof Due>;

/** An environment that is due: what a sweep finds of it. */
export const DueEnvironment = v.object({ owner: v.string(), repository: v.string(), ...Due.entries });
export type DueEnvironment = v.InferOutput<typeof DueEnvironment>;

/** The input of an execution of the stop workflow. */
export const StopInput = v.object({ ...RecordedEnvironmentInput.entries, due: v.exactOptional(Due) });
export type StopInput = v.InferOutput<typeof StopInput>;

/** The input of an execution of the start workflow. */
export const StartInput = v.object({
  caller: Caller,
  environment: v.object({ owner: Owner, repository: Repository }),
  request: GivenRequest,
});
export type StartInput = v.InferOutput<typeof StartInput>;

/** The input of an execution of the uninstall workflow. */
export const UninstallInput = v.object({ caller: Caller });
export type UninstallInput = v.InferOutput<typeof UninstallInput>;

/** The environment that an operation holds; it has a name by then. */
export const HeldEnvironment = v.object({
  uid: v.string(),
  owner: v.string(),
  repository: v.string(),
  name: v.string(),
  /** What is asked for now. */
  request: EnvironmentRequest,
  /** What its record held when the operation took it. */
  recorded: v.object({
    status: v.picklist(environmentStatuses),
    request: EnvironmentRequest,
    instanceId: v.nullable(v.string()),
    stopAt: v.optional(v.string()),
    updatedAt: v.optional(v.string()),
  }),
});
export type HeldEnvironment = v.InferOutput<typeof HeldEnvironment>;

export const InstanceType = v.object({
  name: v.string(),
  architecture: v.picklist(['x86_64', 'arm64']),
  /** Names of the availability zones that offer it. */
  zones: v.array(v.string()),
});
export type InstanceType = v.InferOutput<typeof InstanceType>;

export const Image = v.object({ imageId: v.string(), rootDeviceName: v.string() });

export const UsableNetwork = v.object({ status: v.literal('ready'), ids: v.object({ vpcId: v.string(), subnetId: v.string() }) });

export const Vpc = v.object({ vpcId: v.string() });
export const InternetGateway = v.object({ internetGatewayId: v.string() });
export const Subnet = v.object({ subnetId: v.string() });
export const RouteTable = v.object({ routeTableId: v.string() });
export const SecurityGroup = v.object({ securityGroupId: v.string() });
export type SecurityGroup = v.InferOutput<typeof SecurityGroup>;
export const KeyPair = v.object({ keyName: v.string() });
export const NetworkInterface = v.object({ networkInterfaceId: v.string() });

/** The instances that a stop or a remove waits for. */
export const Instances = v.object({ instanceIds: v.array(v.string()) });

/** The output of a start: what the CLI prints. */
export const StartOutput = v.object({
  owner: v.string(),
  repository: v.string(),
  name: v.string(),
  status: v.literal('started'),
  created: v.boolean(),
  instanceId: v.string(),
  instanceType: v.string(),
  publicIpAddress: v.string(),
  hostKey: v.string(),
  publicKey: v.string(),
  /** The IPv4 blocks that may reach SSH. */
  allowCidrs: v.optional(v.array(v.string())),
  /** When it is stopped by itself (ISO 8601); null for never. */
  stopAt: v.optional(v.nullable(v.string()), null),
});
export type StartOutput = v.InferOutput<typeof StartOutput>;

/** The output of a stop. */
export const StopOutput = v.object({
  owner: v.string(),
  repository: v.string(),
  name: v.string(),
  status: v.literal('stopped'),
  /** False where it was stopped already. */
  changed: v.boolean(),
  instanceId: v.string(),
  instanceType: v.string(),
});
export type StopOutput = v.InferOutput<typeof StopOutput>;

/** The output of a remove. */
export const RemoveOutput = v.object({
  owner: v.string(),
  repository: v.string(),
  name: v.string(),
  status: v.literal('removed'),
});
export type RemoveOutput = v.InferOutput<typeof RemoveOutput>;

/** The output of an uninstall. */
export const UninstallOutput = v.object({ status: v.picklist(['uninstalled', 'not-installed']) });
export type UninstallOutput = v.InferOutput<typeof UninstallOutput>;
