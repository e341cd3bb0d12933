#!/usr/bin/env bash
# dynalite 4.0.0 (npm): a global secondary index loses an item when another one has the same index key and a similar table key.
#
# Expected: items with the same key in an index are all in it: "the key values in a global secondary index do not need to be unique"
#           (DynamoDB Developer Guide, "Using Global Secondary Indexes").
# Behavior: the index tells items of one index key apart by the first 24 bits of an MD5 hash of their table keys. Of two items where those
#           are equal, the later one replaces the earlier. Among 5,000 items of one index key, this happens about once.
# Output seen: {"inTable":2,"inIndex":1}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts dynalite@4.0.0 @aws-sdk/client-dynamodb@3.1164.0 >/dev/null

cat >try.mjs <<'JS'
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { CreateTableCommand, DynamoDBClient, PutItemCommand, QueryCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';

const server = dynalite({ createTableMs: 0 });
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const db = new DynamoDBClient({
  endpoint: `http://127.0.0.1:${server.address().port}`,
  region: 'us-east-1',
  credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
});
await db.send(
  new CreateTableCommand({
    TableName: 'demo',
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    AttributeDefinitions: ['id', 'day'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    GlobalSecondaryIndexes: [
      { IndexName: 'byDay', KeySchema: [{ AttributeName: 'day', KeyType: 'HASH' }], Projection: { ProjectionType: 'ALL' } },
    ],
  }),
);
// Two ordinary ids whose hashes, made as dynalite makes them, begin alike.
const known = new Map();
let pair;
for (let number = 0; !pair; number += 1) {
  const id = `order-${number}`;
  const begin = createHash('md5').update(`Outliers${id}`).digest('hex').slice(0, 6);
  if (known.has(begin)) pair = [known.get(begin), id];
  known.set(begin, id);
}
for (const id of pair) await db.send(new PutItemCommand({ TableName: 'demo', Item: { id: { S: id }, day: { S: '2026-11-30' } } }));
const table = await db.send(new ScanCommand({ TableName: 'demo' }));
const index = await db.send(
  new QueryCommand({
    TableName: 'demo',
    IndexName: 'byDay',
    KeyConditionExpression: '#day = :day',
    ExpressionAttributeNames: { '#day': 'day' },
    ExpressionAttributeValues: { ':day': { S: '2026-11-30' } },
  }),
);
console.log(JSON.stringify({ inTable: table.Count, inIndex: index.Count }));
server.close();
JS

seen=$(node try.mjs 2>/dev/null)
echo "$seen"
[ "$seen" = '{"inTable":2,"inIndex":1}' ]
