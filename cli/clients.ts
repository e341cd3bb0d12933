import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import type { Account } from './account.ts';
import { recordsClient } from './records-client.ts';

/** What a command reads the records with, and starts and follows executions with. */
export interface Clients {
  readonly dynamodb: DynamoDBClient;
  readonly sfn: SFNClient;
}

/** The clients of an account. */
export function clientsOf(account: Account): Clients {
  return { dynamodb: recordsClient(account), sfn: new SFNClient(account.clientConfig('sfn')) };
}
