import * as v from 'valibot';
import { canonicalCidr } from './cidr.ts';
import { EnvironmentRequest } from './environment.ts';
import { Operation } from './operation.ts';

/**
 * The state document that a workflow hands from step to step: what each of its nouns holds. A step names the nouns it needs in its
 * own schema; BeginOperation puts the first ones, and each further one is the result of the step of its name.
 */

/** The smallest root volume: what Canonical's Ubuntu images hold, GiB. */
const smallestVolume = 8;
/** The largest gp2 or gp3 volume, GiB: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html */
const largestVolume = 16_384;

const Repository = v.pipe(v.string(), v.regex(/^[^/\s]+\/[^/\s]+$/));

/** The range that a root volume's size lies in, GiB. */
export const volumeSizes = { smallest: smallestVolume, largest: largestVolume };

/** What a person asks of a start; what was not given is absent. */
export const GivenRequest = v.strictObject({
  instanceType: v.exactOptional(v.pipe(v.string(), v.regex(/^[a-z0-9-]+\.[a-z0-9-]+$/))),
  volumeSize: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(smallestVolume), v.maxValue(largestVolume))),
  volumeType: v.exactOptional(v.picklist(['gp2', 'gp3'])),
  allowCidrs: v.exactOptional(
    v.pipe(
      v.array(
        v.pipe(
          v.string(),
          v.check((text) => canonicalCidr(text) === text, 'a canonical IPv4 CIDR block'),
        ),
      ),
      v.minLength(1),
      v.maxLength(60), // the inbound rules that a security group may have
    ),
  ),
  publicKey: v.pipe(v.string(), v.regex(/^ssh-ed25519 [A-Za-z0-9+/]+=*( [^\n]*)?$/)),
});
export type GivenRequest = v.InferOutput<typeof GivenRequest>;

/** The input of an execution of the start workflow. */
export const StartInput = v.object({
  environment: v.object({ owner: v.string(), repository: Repository }),
  request: GivenRequest,
});
export type StartInput = v.InferOutput<typeof StartInput>;

/** The environment that an operation holds; it has a name by then. */
export const HeldEnvironment = v.object({
  uid: v.string(),
  owner: v.string(),
  repository: v.string(),
  name: v.string(),
  request: EnvironmentRequest,
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

export const HeldNetwork = v.object({ status: v.string(), installation: v.string() });
export const UsableNetwork = v.object({ status: v.literal('ready'), ids: v.object({ vpcId: v.string(), subnetId: v.string() }) });

export const Vpc = v.object({ vpcId: v.string() });
export const InternetGateway = v.object({ internetGatewayId: v.string() });
export const Subnet = v.object({ subnetId: v.string() });
export const RouteTable = v.object({ routeTableId: v.string() });
export const SecurityGroup = v.object({ securityGroupId: v.string() });
export const KeyPair = v.object({ keyName: v.string() });
export const NetworkInterface = v.object({ networkInterfaceId: v.string() });
export const LaunchedInstance = v.object({ instanceId: v.string() });

export { Operation };

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
});
export type StartOutput = v.InferOutput<typeof StartOutput>;
