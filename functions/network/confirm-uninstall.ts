import type { EC2Client } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { deleteKept, describeSnapshots, keptFilters } from '../../aws/ec2/kept.ts';
import { beginDeletion } from '../../aws/records/hold/network.ts';
import { readEnvironments } from '../../aws/records/read/environment.ts';
import { dynamodb, ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Nothing } from '../../core/document.ts';
import { environmentsStillExist } from '../../core/environment.ts';
import { keptDiskOf, keptDisksStillExist } from '../../core/kept.ts';
import { Operation } from '../../core/operation.ts';

/**
 * Refuses to uninstall while an environment exists, or a kept disk that is not to be deleted. Otherwise deletes these disks, and marks the network
 * incomplete, before anything else is deleted.
 */
export const confirmUninstall = step({
  input: v.object({ operation: Operation, deleteKept: v.optional(v.literal(true)) }),
  output: Nothing,
  uses: { dynamodb, ec2 },
  async run({ operation, deleteKept: mayDelete }, { dynamodb, ec2 }) {
    const { items: environments, unreadable } = await readEnvironments(dynamodb);
    if (unreadable[0]) throw unreadable[0];
    if (environments.length > 0) throw environmentsStillExist(environments);
    if (mayDelete) await deleteKept(ec2, keptFilters());
    else await refuseKept(ec2);
    await beginDeletion(dynamodb, operation);
  },
});

export const handler = lambdaHandler(confirmUninstall);

async function refuseKept(ec2: EC2Client): Promise<void> {
  const snapshots = await describeSnapshots(ec2, keptFilters());
  if (snapshots.length > 0) throw keptDisksStillExist(snapshots.flatMap((snapshot) => keptDiskOf(snapshot) ?? []));
}
