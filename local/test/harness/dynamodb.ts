import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Clock, createClock } from '../../src/clock.ts';
import { createDynamoDb } from '../../src/dynamodb/dynamodb.ts';
import { createFaults } from '../../src/gateway/faults.ts';
import { createGateway } from '../../src/gateway/gateway.ts';

export const TableName = 'config';

export const table: CreateTableCommandInput = {
  TableName,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [
    { AttributeName: 'kind', AttributeType: 'S' },
    { AttributeName: 'id', AttributeType: 'S' },
  ],
  KeySchema: [
    { AttributeName: 'kind', KeyType: 'HASH' },
    { AttributeName: 'id', KeyType: 'RANGE' },
  ],
};

/** An item of `table` that has only its key. */
export const item = (id: string) => ({ kind: { S: 'environment' }, id: { S: id } });

export interface TestDynamoDb {
  readonly clock: Clock;
  readonly endpoint: string;
  clientIn(region: string): DynamoDBClient;
  stop(): Promise<void>;
}

/** The embedded DynamoDB behind a gateway, in us-east-1. */
export async function startDynamoDb(stateDirectory: string, clock = createClock()): Promise<TestDynamoDb> {
  const dynamodb = await createDynamoDb({ stateDirectory, region: 'us-east-1', accountId: '000000000000', clock });
  const gateway = await createGateway({
    services: { dynamodb },
    admin: { dynamodb: dynamodb.admin },
    clock,
    faults: createFaults(),
    stateDirectory,
    ownerOf: () => undefined,
    secretOf: () => undefined,
    crash: async () => false,
  });
  return {
    clock,
    endpoint: gateway.endpoint,
    clientIn: (region) =>
      new DynamoDBClient({
        region,
        endpoint: gateway.endpoint,
        credentials: { accessKeyId: 'alice', secretAccessKey: 'secret' },
        maxAttempts: 1,
      }),
    async stop() {
      await gateway.stop();
      await dynamodb.stop();
      clock.stop();
    },
  };
}
