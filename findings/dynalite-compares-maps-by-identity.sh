#!/usr/bin/env bash
# dynalite 4.0.0 (npm): a condition never finds a map or a list equal to the one that is stored.
#
# Expected: "m = :same", where :same has exactly what the item's map has, is true. DynamoDB compares lists and maps by value,
#           level by level ("Comparison operators and functions": a = b is true if both have the same type and value).
# Behavior: the condition is false for maps and lists, so the write fails with ConditionalCheckFailedException; strings, numbers and
#           sets compare by value. "<>" is true for the same map.
# Output seen: {"S =":"true","N =":"true","SS =":"true","M =":"false","L =":"false","M <>":"true"}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts dynalite@4.0.0 @aws-sdk/client-dynamodb@3.1164.0 >/dev/null

cat >try.mjs <<'JS'
import { once } from 'node:events';
import { CreateTableCommand, DynamoDBClient, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
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
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  }),
);
const values = {
  S: { S: 'a' },
  N: { N: '1' },
  SS: { SS: ['a', 'b'] },
  M: { M: { a: { S: 'b' } } },
  L: { L: [{ S: 'a' }] },
};
await db.send(new PutItemCommand({ TableName: 'demo', Item: { id: { S: '1' }, ...values } }));
async function holds(type, operator) {
  try {
    await db.send(
      new UpdateItemCommand({
        TableName: 'demo',
        Key: { id: { S: '1' } },
        UpdateExpression: 'SET touched = :touched',
        ConditionExpression: `#value ${operator} :same`,
        ExpressionAttributeNames: { '#value': type },
        ExpressionAttributeValues: { ':same': values[type], ':touched': { S: 'yes' } },
      }),
    );
    return 'true';
  } catch (error) {
    if (error.name !== 'ConditionalCheckFailedException') throw error;
    return 'false';
  }
}
const seen = {};
for (const type of Object.keys(values)) seen[`${type} =`] = await holds(type, '=');
seen['M <>'] = await holds('M', '<>');
console.log(JSON.stringify(seen));
server.close();
JS

seen=$(node try.mjs)
echo "$seen"
[ "$seen" = '{"S =":"true","N =":"true","SS =":"true","M =":"false","L =":"false","M <>":"true"}' ]
