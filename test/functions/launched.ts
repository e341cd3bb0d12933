import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeInstancesCommand,
  type EC2Client,
  GetConsoleOutputCommand,
  type Instance,
  ModifyNetworkInterfaceAttributeCommand,
  RunInstancesCommand,
  StopInstancesCommand,
  type Tag,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { unless } from '../../aws/errors.ts';
import { putEnvironment } from '../../aws/records/hold/environment.ts';
import type { HeldEnvironment } from '../../core/document.ts';
import { createNetworkInterface } from '../../functions/environment/create-network-interface.ts';
import { createSecurityGroup } from '../../functions/environment/create-security-group.ts';
import { importKeyPair } from '../../functions/environment/import-key-pair.ts';
import { launchInstance } from '../../functions/environment/launch-instance.ts';
import { resolveImage } from '../../functions/environment/resolve-image.ts';
import type { TestAccount } from './account.ts';
import { environment as defaultEnvironment, instanceType as defaultType, launchPlan, operation, readyNetwork } from './documents.ts';
import { recordOf } from './installed.ts';
import { environmentTagsOf, idOf, makeNetwork, tagging } from './resources.ts';

export type LaunchDocument = Awaited<ReturnType<typeof readyToLaunch>>;

/**
 * Takes an account through the steps before LaunchInstance; returns the state document by then. Puts the record of the environment if there
 * is none.
 */
export async function readyToLaunch(account: TestAccount, environment: HeldEnvironment = defaultEnvironment, instanceType = defaultType) {
  await unless('table-in-use', account.createTable());
  const { owner, repository, name, request } = environment;
  await putEnvironment(account.dynamodb, recordOf({ owner, repository, name, request }));
  const network = readyNetwork(await makeNetwork(account.ec2));
  const document = { environment, operation, network, instanceType, plan: launchPlan };
  const securityGroup = await account.run(createSecurityGroup, document);
  const networkInterface = await account.run(createNetworkInterface, { ...document, securityGroup });
  const [keyPair, image] = await Promise.all([account.run(importKeyPair, document), account.run(resolveImage, document)]);
  return { ...document, securityGroup, networkInterface, keyPair, image };
}

/** Launches an environment's instance; it is pending until the clock advances. */
export async function launched(account: TestAccount, document?: LaunchDocument): Promise<{ document: LaunchDocument; instanceId: string }> {
  account.stopClock();
  const launching = document ?? (await readyToLaunch(account));
  const { instanceId } = await account.run(launchInstance, launching);
  return { document: launching, instanceId: idOf(instanceId) };
}

/** Launches an instance by hand, as somebody with the console would; its tags are the environment's unless others are given. */
export async function launchByHand(
  { ec2 }: TestAccount,
  { image, network }: Pick<LaunchDocument, 'image' | 'network'>,
  { tags = environmentTagsOf('instance'), volumeTags }: { tags?: Tag[]; volumeTags?: Tag[] } = {},
): Promise<string> {
  const { Instances = [] } = await ec2.send(
    new RunInstancesCommand({
      ImageId: image.imageId,
      InstanceType: 't2.medium',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: network.ids.subnets[0].subnetId,
      // With tags of its own the root volume is meant to outlive the instance.
      BlockDeviceMappings: volumeTags && [{ DeviceName: '/dev/sda1', Ebs: { DeleteOnTermination: false } }],
      TagSpecifications: [...tagging('instance', tags), ...tagging('volume', volumeTags ?? [])],
    }),
  );
  return idOf(Instances[0]?.InstanceId);
}

/** The same, with a network interface that exists. */
export async function launchWithInterface(
  { ec2 }: TestAccount,
  { imageId }: LaunchDocument['image'],
  NetworkInterfaceId: string,
): Promise<string> {
  const NetworkInterfaces = [{ DeviceIndex: 0, NetworkInterfaceId }];
  const launch = { ImageId: imageId, InstanceType: 't2.medium', MinCount: 1, MaxCount: 1, NetworkInterfaces } as const;
  const { Instances = [] } = await ec2.send(new RunInstancesCommand(launch));
  return idOf(Instances[0]?.InstanceId);
}

/** Brings an instance from wherever it is into a state, by AWS's own calls and the time they take. */
export async function bringTo(
  account: TestAccount,
  instanceId: string,
  state: 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated',
) {
  const InstanceIds = [instanceId];
  if (state === 'stopping' || state === 'stopped') {
    await untilState(account, instanceId, 'running');
    await account.ec2.send(new StopInstancesCommand({ InstanceIds }));
  }
  if (state === 'shutting-down' || state === 'terminated') await account.ec2.send(new TerminateInstancesCommand({ InstanceIds }));
  return untilState(account, instanceId, state);
}

/** Lets time pass until the instance is in the state. Fails if it does not get there. */
export async function untilState({ ec2, aws }: TestAccount, instanceId: string, state: string): Promise<Instance> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    const instance = await instanceOf(ec2, instanceId);
    if (instance.State?.Name === state) return instance;
    aws.clock.advance(50);
    await sleep(5); // a real moment too: a real address is looked for
  }
  throw new Error(`The instance ${instanceId} does not become ${state}.`);
}

export async function instanceOf(ec2: EC2Client, instanceId: string): Promise<Instance> {
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
  const instance = Reservations[0]?.Instances?.[0];
  if (!instance) throw new Error(`EC2 does not show the instance ${instanceId}.`);
  return instance;
}

/** Lets time pass until the instance's console shows a text. Fails if it never does. */
export async function untilPrinted({ ec2, aws }: TestAccount, instanceId: string, text: string): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    const { Output = '' } = await ec2.send(new GetConsoleOutputCommand({ InstanceId: instanceId }));
    if (Buffer.from(Output, 'base64').includes(text)) return;
    aws.clock.advance(50);
    await sleep(5);
  }
  throw new Error(`The console of ${instanceId} does not show "${text}".`);
}

/** The ids of all instances that are not terminated. */
export async function liveInstances(ec2: EC2Client): Promise<(string | undefined)[]> {
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
  const instances = Reservations.flatMap(({ Instances = [] }) => Instances);
  return instances.filter(({ State }) => State?.Name !== 'terminated').map(({ InstanceId }) => InstanceId);
}

/** Launches an instance, and waits until it runs. Resolves to its id. */
export async function running(account: TestAccount): Promise<string> {
  const { instanceId } = await launched(account);
  await untilState(account, instanceId, 'running');
  return instanceId;
}

/** Launches an instance whose interface was made to give it no address, and waits until it runs. Resolves to its id. */
export async function withoutAddress(account: TestAccount): Promise<string> {
  const { instanceId, document } = await launched(account);
  const { networkInterfaceId: NetworkInterfaceId } = document.networkInterface;
  await account.ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, AssociatePublicIpAddress: false }));
  const { PublicIpAddress } = await untilState(account, instanceId, 'running');
  if (PublicIpAddress !== undefined) throw new Error(`The instance ${instanceId} has the address ${PublicIpAddress}.`);
  return instanceId;
}
