import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Account } from './account.ts';

/** What a command reads the records with, and starts and follows executions with. */
export interface Clients {
  readonly dynamodb: DynamoDBClient;
  readonly sfn: SFNClient;
}

/** The clients of an account. Their packages are loaded here, because most commands need none. */
export async function clientsOf(account: Account): Promise<Clients> {
  const [{ DynamoDBClient }, { SFNClient }] = await Promise.all([import('@aws-sdk/client-dynamodb'), import('@aws-sdk/client-sfn')]);
  return { dynamodb: new DynamoDBClient(account.clientConfig('dynamodb')), sfn: new SFNClient(account.clientConfig('sfn')) };
}
