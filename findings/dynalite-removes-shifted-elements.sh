#!/usr/bin/env bash
# dynalite 4.0.0 (npm): one REMOVE of two elements of a list removes another element than it names.
#
# Expected: "REMOVE tools[1], tools[2]" removes the elements that have these places before the update, and the rest moves together (DynamoDB
#           Developer Guide, "Update expressions", "Removing elements from a list": of five, the second and the third one go).
# Behavior: the elements are removed one after another, and the list has moved together before the second one goes.
# Output seen: ["Chisel","Nails","Hacksaw"]; on DynamoDB, ["Chisel","Screwdriver","Hacksaw"] is left
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts dynalite@4.0.0 @aws-sdk/client-dynamodb@3.1164.0 >/dev/null

cat >try.mjs <<'JS'
import dynalite from 'dynalite';
import { CreateTableCommand, DynamoDBClient, PutItemCommand, UpdateItemCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';

const server = dynalite({ createTableMs: 0 });
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const dynamodb = new DynamoDBClient({
  region: 'us-east-1',
  endpoint: `http://127.0.0.1:${server.address().port}`,
  credentials: { accessKeyId: 'example', secretAccessKey: 'example' },
});
const TableName = 'products';
const Key = { id: { S: 'one' } };
await dynamodb.send(
  new CreateTableCommand({
    TableName,
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  }),
);
await waitUntilTableExists({ client: dynamodb, minDelay: 1, maxDelay: 1, maxWaitTime: 10 }, { TableName });
const tools = ['Chisel', 'Hammer', 'Nails', 'Screwdriver', 'Hacksaw'];
await dynamodb.send(new PutItemCommand({ TableName, Item: { ...Key, tools: { L: tools.map((S) => ({ S })) } } }));
const { Attributes } = await dynamodb.send(
  new UpdateItemCommand({ TableName, Key, UpdateExpression: 'REMOVE tools[1], tools[2]', ReturnValues: 'ALL_NEW' }),
);
const left = JSON.stringify(Attributes.tools.L.map(({ S }) => S));
console.log(left);
process.exit(left === '["Chisel","Nails","Hacksaw"]' ? 0 : 1);
JS
node try.mjs
