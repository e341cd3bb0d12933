import { randomBytes } from 'node:crypto';
import {
  type _InstanceType,
  DescribeNetworkInterfacesCommand,
  type EC2Client,
  RunInstancesCommand,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { clientToken } from '../../aws/ec2/client-token.ts';
import { describeInstances } from '../../aws/ec2/resources.ts';
import { tagged } from '../../aws/ec2/tags.ts';
import { meaningOf, translate } from '../../aws/errors.ts';
import { readAcceptedKeys } from '../../aws/records/read/environment.ts';
import { dynamodb, ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Failure, HeldEnvironment, Image, KeyPair, Launch, NetworkInterface } from '../../core/document.ts';
import { bootSettings } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';
import { resourceName } from '../../core/names.ts';
import { keyPairFrom } from '../../core/openssh-key.ts';
import { Operation } from '../../core/operation.ts';
import type { Settings } from '../../core/settings.ts';
import { belongingTags, environmentTags, hasTags, tagKey } from '../../core/tags.ts';
import { userData } from '../../core/user-data.ts';

const Input = v.object({
  environment: HeldEnvironment,
  operation: Operation,
  image: Image,
  keyPair: KeyPair,
  networkInterface: NetworkInterface,
  /** Why the first launch failed, if its image was gone. The image has been resolved again since. */
  imageUnavailable: v.optional(Failure),
});
type Input = v.InferOutput<typeof Input>;

/**
 * Launches the environment's instance with a new host key. The private half goes into the user data, the public half into a tag. If an
 * earlier attempt launched the instance, that one is used.
 */
export const launchInstance = step({
  input: Input,
  output: Launch,
  uses: { dynamodb, ec2, settings },
  async run(input, { dynamodb, ec2, settings }) {
    const publicKeys = await readAcceptedKeys(dynamodb, input.environment);
    return { instanceId: await launchOrAdopt(ec2, input, publicKeys, settings) };
  },
});

export const handler = lambdaHandler(launchInstance);

async function launchOrAdopt(ec2: EC2Client, input: Input, publicKeys: readonly string[], settings: Settings): Promise<string | undefined> {
  const { environment, operation, networkInterface } = input;
  const token = clientToken(operation.executionArn, 'LaunchInstance', {
    uid: environment.uid,
    networkInterfaceId: networkInterface.networkInterfaceId,
  });
  try {
    const { Instances = [] } = await ec2.send(new RunInstancesCommand(launchParameters(input, token, publicKeys, settings)));
    return Instances[0]?.InstanceId;
  } catch (error) {
    switch (meaningOf(error)) {
      // Each attempt creates another host key. A mismatch means that an earlier attempt launched the instance.
      case 'token-mismatch':
        return launchedWith(ec2, token, notVisibleYet());
      // It has ended since. The step that waits for it sees why.
      case 'instance-terminated':
        return launchedWith(ec2, token, error);
      case 'interface-in-use':
        return adoptByAttachment(ec2, input);
      case 'no-image':
        throw imageFailure(error, input);
      default:
        throw error;
    }
  }
}

/** An image may be withdrawn between resolving and launching. It is resolved again, once. */
function imageFailure(error: unknown, { image, imageUnavailable }: Input): RecodeError {
  const message = `The image ${image.imageId} is no longer available: ${translate(error).message}`;
  return new RecodeError(imageUnavailable === undefined ? 'ImageUnavailable' : 'ImageNotFound', message, { cause: error });
}

function launchParameters(
  { environment, image, keyPair, networkInterface }: Input,
  token: string,
  publicKeys: readonly string[],
  settings: Settings,
): RunInstancesCommandInput {
  const { volumeEncrypted, volumeKmsKey, costTags } = settings;
  const { request, name } = environment;
  const hostKey = keyPairFrom(randomBytes(32), resourceName(name, 'instance'));
  const instanceTags = [...environmentTags(environment, 'instance'), { Key: tagKey.sshHostKey, Value: hostKey.publicKey }];
  return {
    ClientToken: token,
    MinCount: 1,
    MaxCount: 1,
    ImageId: image.imageId,
    InstanceType: request.instanceType as _InstanceType,
    KeyName: keyPair.keyName,
    NetworkInterfaces: [{ DeviceIndex: 0, NetworkInterfaceId: networkInterface.networkInterfaceId }],
    BlockDeviceMappings: [
      {
        DeviceName: image.rootDeviceName,
        Ebs: {
          VolumeSize: request.volumeSize,
          VolumeType: request.volumeType,
          // EC2 does not remove the encryption of a snapshot.
          Encrypted: volumeEncrypted || volumeKmsKey !== undefined || (request.restore ? undefined : false),
          KmsKeyId: volumeKmsKey,
          DeleteOnTermination: true,
        },
      },
    ],
    // Two hops, so that containers on the instance reach the metadata service too.
    MetadataOptions: { HttpEndpoint: 'enabled', HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
    InstanceInitiatedShutdownBehavior: 'stop',
    UserData: Buffer.from(userData({ publicKeys, hostKey, ...bootSettings(environment, settings) })).toString('base64'),
    TagSpecifications: [
      ...tagged('instance', instanceTags, costTags),
      ...tagged('volume', environmentTags(environment, 'volume'), costTags),
    ],
  };
}

/**
 * The instance that an earlier attempt launched. EC2 shows one that has ended for an hour.
 *
 * @throws `otherwise` where EC2 does not show it
 */
async function launchedWith(ec2: EC2Client, token: string, otherwise: unknown): Promise<string> {
  const [instance] = await describeInstances(ec2, [{ Name: 'client-token', Values: [token] }]);
  if (instance?.InstanceId === undefined) throw otherwise;
  return instance.InstanceId;
}

const notVisibleYet = () =>
  new RecodeError('InstanceNotVisibleYet', 'An earlier attempt launched the instance, but EC2 does not show it yet.');

/** The interface is attached: to our own instance, to one that is terminating, or to someone else's. */
async function adoptByAttachment(
  ec2: EC2Client,
  { environment, networkInterface: { networkInterfaceId } }: Input,
): Promise<string | undefined> {
  const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [networkInterfaceId] }));
  const instanceId = NetworkInterfaces[0]?.Attachment?.InstanceId;
  const [instance] = instanceId === undefined ? [] : await describeInstances(ec2, [{ Name: 'instance-id', Values: [instanceId] }]);
  const state = instance?.State?.Name;
  if (!instance || state === 'shutting-down' || state === 'terminated') {
    throw new RecodeError(
      'DependencyStillInUse',
      `The network interface ${networkInterfaceId} is still attached to an instance that is terminating.`,
    );
  }
  if (hasTags(instance.Tags, belongingTags(environment))) return instance.InstanceId;
  throw new RecodeError(
    'ResourceDiffers',
    `The network interface ${networkInterfaceId} is attached to ${instanceId}, which is not this environment's.`,
  );
}
