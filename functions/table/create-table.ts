import { CreateTableCommand, DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { unless } from '../../aws/errors.ts';
import { dynamodb } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Nothing } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { dueIndexName, tableName } from '../../core/names.ts';
import { networkTags } from '../../core/tags.ts';

/** The keys of the table and its index. An item without the time to stop is not in the index. */
export const tableKeys = {
  AttributeDefinitions: ['kind', 'id', 'dueAt'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
  KeySchema: [
    { AttributeName: 'kind', KeyType: 'HASH' as const },
    { AttributeName: 'id', KeyType: 'RANGE' as const },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: dueIndexName,
      KeySchema: [
        { AttributeName: 'kind', KeyType: 'HASH' as const },
        { AttributeName: 'dueAt', KeyType: 'RANGE' as const },
      ],
      Projection: { ProjectionType: 'ALL' as const },
    },
  ],
};

/** Ensures the table that records the region's environments and network. DynamoDB encrypts it with its own key. */
export const createTable = step({
  input: v.object({}),
  output: Nothing,
  uses: { dynamodb, settings },
  async run(_, { dynamodb, settings }) {
    const created = dynamodb.send(
      new CreateTableCommand({
        TableName: tableName,
        BillingMode: 'PAY_PER_REQUEST',
        ...tableKeys,
        Tags: [...networkTags(tableName), ...settings.costTags],
      }),
    );
    await unless('table-in-use', created);
    // Right after CreateTable, DescribeTable may not know the table yet.
    const described = await unless('no-table', dynamodb.send(new DescribeTableCommand({ TableName: tableName })));
    const status = described?.Table?.TableStatus ?? 'not visible';
    if (status !== 'ACTIVE') throw new RecodeError('TableNotActive', `The table ${tableName} is ${status}.`);
  },
});

export const handler = lambdaHandler(createTable);
