import { DeleteTableCommand, DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { unless } from '../../aws/errors.ts';
import { readNetwork } from '../../aws/records/read/network.ts';
import { ifInstalled } from '../../aws/records/read/table.ts';
import { dynamodb } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { UninstallOutput } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { isHeldBy } from '../../core/lock.ts';
import { tableName } from '../../core/names.ts';
import { Operation } from '../../core/operation.ts';

/**
 * Deletes the table if this execution holds its network. Fails until the table is gone, and the state machine retries.
 * Returns the execution's output.
 */
export const deleteTable = step({
  input: v.object({ operation: Operation }),
  output: UninstallOutput,
  uses: { dynamodb },
  async run({ operation }, { dynamodb }): Promise<UninstallOutput> {
    const status = await tableStatus(dynamodb);
    if (status === undefined) return { status: 'uninstalled' };
    if (status !== 'DELETING') {
      const ours = await ifInstalled(isOurs(dynamodb, operation));
      // An earlier attempt deleted our table, and a start has created a new one.
      if (ours === false) return { status: 'uninstalled' };
      // If an answer is lost, the SDK repeats the call. A table that is being deleted counts as in use.
      if (ours) await unless(['no-table', 'table-in-use'], dynamodb.send(new DeleteTableCommand({ TableName: tableName })));
    }
    throw new RecodeError('TableStillDeleting', `The table ${tableName} is being deleted.`);
  },
});

export const handler = lambdaHandler(deleteTable);

async function isOurs(dynamodb: DynamoDBClient, operation: Operation): Promise<boolean> {
  const network = await readNetwork(dynamodb);
  return network !== undefined && isHeldBy(network, operation);
}

async function tableStatus(dynamodb: DynamoDBClient): Promise<string | undefined> {
  const described = await unless('no-table', dynamodb.send(new DescribeTableCommand({ TableName: tableName })));
  return described?.Table?.TableStatus;
}
