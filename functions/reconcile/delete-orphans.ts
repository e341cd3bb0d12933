import type { Logger } from '@aws-lambda-powertools/logger';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteInternetGatewayCommand,
  DeleteKeyPairCommand,
  DeleteNetworkInterfaceCommand,
  DeleteRouteTableCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteVolumeCommand,
  DeleteVpcCommand,
  DescribeInternetGatewaysCommand,
  DetachInternetGatewayCommand,
  type EC2Client,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { seenOf, taggedByIds } from '../../aws/ec2/seen.ts';
import { seenNetwork } from '../../aws/ec2/seen-network.ts';
import { unless } from '../../aws/errors.ts';
import { mayChange, notAllowed, reasonOf } from '../../aws/reconcile/attempt.ts';
import { orphansAmong } from '../../aws/reconcile/orphans.ts';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { readNetwork } from '../../aws/records/read/network.ts';
import { dynamodb, ec2 } from '../../aws/step/clients.ts';
import { logger } from '../../aws/step/logger.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Check, Deletion } from '../../core/document.ts';
import type { Environment } from '../../core/environment.ts';
import { environmentFindings, type Tagged } from '../../core/environment-drift.ts';
import { RecodeError } from '../../core/errors.ts';
import type { Finding } from '../../core/finding.ts';
import { holderOf } from '../../core/lock.ts';
import { environmentId } from '../../core/names.ts';
import { networkFindings, networkResources, type SeenNetwork } from '../../core/network-drift.ts';
import type { Settings } from '../../core/settings.ts';
import { type Belonging, belongingOf } from '../../core/tags.ts';

/**
 * Deletes the resources that a person has confirmed, if each still is an orphan or a duplicate. What is gone counts as deleted. It waits for
 * instances to be terminated, because other resources are attached to them.
 */
export const deleteOrphans = step({
  input: v.object({ check: Check }),
  output: Deletion,
  uses: { dynamodb, ec2, settings, logger },
  pause: 2_000,
  async run({ check }, { clock, ...used }) {
    const { resources, findings } = await look(check, used, clock.now());
    const kept = new Map<string, string>();
    const deletable: Listed[] = [];
    for (const resource of resources.filter(({ isLeaving }) => !isLeaving)) {
      const reason = whyKept(resource, findings, check);
      if (reason === undefined) deletable.push(resource);
      else kept.set(resource.id, reason);
    }
    // Other resources are attached to instances until these are terminated.
    const isInstance = ({ subject }: Listed) => subject === 'instance';
    const terminated = await deleteEach(deletable.filter(isInstance), used, kept);
    if (terminated > 0 || resources.some(({ isLeaving }) => isLeaving))
      throw new RecodeError('InstanceStillTerminating', 'Instances without a record are still being terminated.');
    await deleteEach(
      deletable.filter((each) => !isInstance(each)),
      used,
      kept,
    );
    return { deleted: check.delete.filter((id) => !kept.has(id)), kept: [...kept].map(([id, reason]) => ({ id, reason })) };
  },
});

export const handler = lambdaHandler(deleteOrphans);

type Deletable = (typeof order)[number];

/** In this order nothing is deleted that another resource of the list still uses. */
const order = [
  'instance',
  'volume',
  'network interface',
  'security group',
  'key pair',
  'subnet',
  'route table',
  'internet gateway',
  'VPC',
] as const;

const deletions: Readonly<Record<Deletable, (ec2: EC2Client, id: string) => Promise<unknown>>> = {
  instance: (ec2, id) => ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] })),
  volume: (ec2, VolumeId) => ec2.send(new DeleteVolumeCommand({ VolumeId })),
  'network interface': (ec2, NetworkInterfaceId) => ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId })),
  'security group': (ec2, GroupId) => ec2.send(new DeleteSecurityGroupCommand({ GroupId })),
  'key pair': (ec2, KeyPairId) => ec2.send(new DeleteKeyPairCommand({ KeyPairId })),
  subnet: (ec2, SubnetId) => ec2.send(new DeleteSubnetCommand({ SubnetId })),
  'route table': (ec2, RouteTableId) => ec2.send(new DeleteRouteTableCommand({ RouteTableId })),
  'internet gateway': deleteGateway,
  VPC: (ec2, VpcId) => ec2.send(new DeleteVpcCommand({ VpcId })),
};

async function deleteGateway(ec2: EC2Client, InternetGatewayId: string): Promise<void> {
  const { InternetGateways = [] } = await ec2.send(new DescribeInternetGatewaysCommand({ InternetGatewayIds: [InternetGatewayId] }));
  for (const { VpcId } of InternetGateways.flatMap(({ Attachments = [] }) => Attachments)) {
    await unless('not-attached', ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId })));
  }
  await ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId }));
}

interface Used {
  readonly dynamodb: DynamoDBClient;
  readonly ec2: EC2Client;
  readonly settings: Settings;
  readonly logger: Logger;
}

interface Listed {
  readonly subject: Deletable;
  readonly id: string;
  /** Whether it is being terminated. */
  readonly isLeaving: boolean;
}

/** Why a resource may not be deleted; undefined if it may. */
function whyKept({ id }: Listed, findings: readonly Finding[], check: Check): string | undefined {
  const finding = findings.find((each) => each.id === id && each.deletable);
  if (!finding) return 'It is neither an orphan nor a duplicate.';
  return mayChange(check, finding) ? undefined : notAllowed;
}

/**
 * Deletes resources, one after another.
 *
 * @param kept gets why a resource could not be deleted
 * @returns how many could
 */
async function deleteEach(resources: readonly Listed[], { ec2, logger }: Used, kept: Map<string, string>): Promise<number> {
  let deleted = 0;
  for (const { subject, id } of resources) {
    try {
      await unless('not-found', deletions[subject](ec2, id));
      deleted += 1;
    } catch (cause) {
      kept.set(id, reasonOf(cause, { logger, step: 'deleteOrphans' }));
    }
  }
  return deleted;
}

/** What there is of the confirmed resources, and what is the matter with them now, in the order of their deletion. */
async function look(check: Check, used: Used, now: number): Promise<{ resources: Listed[]; findings: Finding[] }> {
  const own = await taggedByIds(used.ec2, check.delete);
  const staying = own.filter(({ state }) => state !== 'shutting-down');
  const findings = [...(await orphansAmong(used.dynamodb, staying, now)), ...(await duplicatesAmong(staying, used, now))];
  const resources = own.map(({ subject, id, state }) => ({ subject, id, isLeaving: state === 'shutting-down' }) as Listed);
  if (check.delete.some((id) => /^(rtb|igw|subnet|vpc)-/.test(id))) {
    const { shared, seen } = await networkNow(used, now);
    const confirmed = networkResources(seen).filter(([, { id }]) => check.delete.includes(id));
    resources.push(...confirmed.map(([subject, { id }]) => ({ subject, id, isLeaving: false }) as Listed));
    findings.push(...shared);
  }
  return { resources: resources.sort((one, other) => order.indexOf(one.subject) - order.indexOf(other.subject)), findings };
}

/** The surplus of environments that no operation holds. */
async function duplicatesAmong(resources: readonly Tagged[], { dynamodb, ec2, settings }: Used, now: number): Promise<Finding[]> {
  const belongings = new Map<string, Belonging>();
  for (const { tags } of resources) {
    const belonging = belongingOf(tags);
    if (belonging) belongings.set(environmentId(belonging), belonging);
  }
  const environments: Environment[] = [];
  for (const belonging of belongings.values()) {
    const environment = await readEnvironment(dynamodb, belonging);
    if (environment && !holderOf(environment)) environments.push(environment);
  }
  const names = environments.flatMap(({ name }) => name ?? []);
  const seen = await seenOf(ec2, { names, instanceIds: environments.flatMap(({ observed }) => observed?.instanceId ?? []) });
  return environments.flatMap((environment) => environmentFindings(environment, true, seen, { now, settings }));
}

async function networkNow({ dynamodb, ec2 }: Used, now: number): Promise<{ shared: Finding[]; seen: SeenNetwork }> {
  const network = await readNetwork(dynamodb);
  const seen = await seenNetwork(ec2, network?.status === 'ready' ? network.ids : undefined);
  return { seen, shared: network && holderOf(network) ? [] : networkFindings(network, seen, now) };
}
