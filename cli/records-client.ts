import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Account } from './account.ts';

/** What a command reads the records of an account with. Those that only read need no other client, which takes time to load. */
export const recordsClient = (account: Account) => new DynamoDBClient(account.clientConfig('dynamodb'));
