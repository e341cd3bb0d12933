import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import {
  DeleteInternetGatewayCommand,
  DeleteKeyPairCommand,
  DeleteNetworkInterfaceCommand,
  DeleteRouteTableCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteVolumeCommand,
  DeleteVpcCommand,
  DetachInternetGatewayCommand,
  DisassociateRouteTableCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { expect, vi } from 'vitest';
import { unless } from '../../aws/errors.ts';
import { tableName } from '../../core/names.ts';
import { inventory } from './inventory.ts';
import { wipeKept } from './kept.ts';

/** Empties an account with AWS's own calls, so that the next case begins from nothing with warm functions. */
export async function wipe(aws: TestAws): Promise<void> {
  const { ec2, dynamodb } = aws.clients;
  await aws.delete('faults');
  const found = await inventory(aws);
  const ids = found.instances.flatMap(({ InstanceId }) => InstanceId ?? []);
  if (ids.length > 0) await ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }));
  await vi.waitFor(async () => expect((await inventory(aws)).instances).toEqual([]), { timeout: 20_000, interval: 20 });
  for (const { VolumeId } of (await inventory(aws)).volumes) await ec2.send(new DeleteVolumeCommand({ VolumeId }));
  for (const { NetworkInterfaceId } of found.networkInterfaces) await ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));
  for (const { GroupId } of found.securityGroups) await ec2.send(new DeleteSecurityGroupCommand({ GroupId }));
  for (const { KeyPairId } of found.keyPairs) await ec2.send(new DeleteKeyPairCommand({ KeyPairId }));
  for (const { Associations = [], RouteTableId } of found.routeTables) {
    for (const { RouteTableAssociationId: AssociationId } of Associations)
      await ec2.send(new DisassociateRouteTableCommand({ AssociationId }));
    await ec2.send(new DeleteRouteTableCommand({ RouteTableId }));
  }
  for (const { Attachments = [], InternetGatewayId } of found.internetGateways) {
    for (const { VpcId } of Attachments) await ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId }));
    await ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId }));
  }
  for (const { SubnetId } of found.subnets) await ec2.send(new DeleteSubnetCommand({ SubnetId }));
  for (const { VpcId } of found.vpcs) await ec2.send(new DeleteVpcCommand({ VpcId }));
  await wipeKept(aws);
  await unless('no-table', dynamodb.send(new DeleteTableCommand({ TableName: tableName })));
  await vi.waitFor(async () => expect((await inventory(aws)).items).toBeUndefined(), { timeout: 20_000, interval: 20 });
  await aws.delete('calls');
}
