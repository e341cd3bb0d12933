#!/usr/bin/env bash
# dynalite 4.0.0, @aws-sdk/client-dynamodb 3.1164.0 (npm): a refused condition never shows the item that refused it.
#
# Expected: with ReturnValuesOnConditionCheckFailure: ALL_OLD, the ConditionalCheckFailedException has the item as it is, so that who
#           loses a race learns to whom without a second read (DynamoDB API Reference, PutItem).
# Behavior: the parameter is accepted, and the exception has no Item. Code that relies on it reads "undefined" as "there is none".
# Output seen: ConditionalCheckFailedException, item undefined
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts dynalite@4.0.0 @aws-sdk/client-dynamodb@3.1164.0 >/dev/null

cat >try.mjs <<'JS'
import dynalite from 'dynalite';
import { CreateTableCommand, DynamoDBClient, PutItemCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';

const server = dynalite({ createTableMs: 0 });
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const dynamodb = new DynamoDBClient({
  region: 'us-east-1',
  endpoint: `http://127.0.0.1:${server.address().port}`,
  credentials: { accessKeyId: 'example', secretAccessKey: 'example' },
});
const TableName = 'locks';
await dynamodb.send(
  new CreateTableCommand({
    TableName,
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  }),
);
await waitUntilTableExists({ client: dynamodb, minDelay: 1, maxDelay: 1, maxWaitTime: 10 }, { TableName });
const take = (holder) =>
  dynamodb.send(
    new PutItemCommand({
      TableName,
      Item: { id: { S: 'one' }, holder: { S: holder } },
      ConditionExpression: 'attribute_not_exists(id)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    }),
  );
await take('first');
const seen = await take('second').catch(({ name, Item }) => `${name}, item ${JSON.stringify(Item)}`);
console.log(seen);
process.exit(seen === 'ConditionalCheckFailedException, item undefined' ? 0 : 1);
JS
node try.mjs
