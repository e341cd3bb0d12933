import { EC2Client } from '@aws-sdk/client-ec2';
import { describeSnapshots, keptFilters } from '../aws/ec2/kept.ts';
import { type KeptDisk, keptDiskOf } from '../core/kept.ts';
import { policies } from '../core/names.ts';
import type { Belonging } from '../core/tags.ts';
import type { Account } from './account.ts';
import { orNotAllowed } from './execution/allowed.ts';

/** The disks that are kept in a region, or those of one removed environment, newest first. Throws RecodeError CallerNotAllowed. */
export async function readKept(account: Account, environment?: Omit<Belonging, 'name'>): Promise<KeptDisk[]> {
  const ec2 = new EC2Client(account.clientConfig('ec2'));
  const snapshots = await orNotAllowed(account, policies.user, describeSnapshots(ec2, keptFilters(environment)));
  const disks = snapshots.flatMap((snapshot) => keptDiskOf(snapshot) ?? []);
  return disks.sort((one, other) => other.createdAt.localeCompare(one.createdAt));
}
