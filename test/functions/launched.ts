import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeInstancesCommand, type EC2Client, GetConsoleOutputCommand, type Instance } from '@aws-sdk/client-ec2';
import type { HeldEnvironment } from '../../core/document.ts';
import { createNetworkInterface } from '../../functions/environment/create-network-interface.ts';
import { createSecurityGroup } from '../../functions/environment/create-security-group.ts';
import { importKeyPair } from '../../functions/environment/import-key-pair.ts';
import { launchInstance } from '../../functions/environment/launch-instance.ts';
import { resolveImage } from '../../functions/environment/resolve-image.ts';
import type { TestAccount } from './account.ts';
import { environment as defaultEnvironment, instanceType as defaultType, operation } from './documents.ts';
import { idOf, makeNetwork } from './resources.ts';

export type LaunchDocument = Awaited<ReturnType<typeof readyToLaunch>>;

/** Takes an account through the steps before LaunchInstance; returns the state document by then. */
export async function readyToLaunch(account: TestAccount, environment: HeldEnvironment = defaultEnvironment, instanceType = defaultType) {
  const network = { status: 'ready', ids: await makeNetwork(account.ec2) };
  const document = { environment, operation, network, instanceType, plan: { created: true, checkSsh: true } };
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
