#!/usr/bin/env bash
# dynalite 4.0.0, @aws-sdk/client-dynamodb 3.1164.0
#
# Expected: DynamoDB's limits for expressions hold: 4,096 bytes, 300 operators and functions, 100 operands of IN.
#   https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters
# Happens: dynalite checks none of them. What works in a test is refused with a ValidationException in an account.
# Output seen:
#   4,097 bytes: written
#   301 operators: written
#   101 operands of IN: written
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund --ignore-scripts dynalite@4.0.0 @aws-sdk/client-dynamodb@3.1164.0 > /dev/null

cat > check.cjs <<'JS'
const dynalite = require('dynalite');
const { CreateTableCommand, DynamoDBClient, PutItemCommand } = require('@aws-sdk/client-dynamodb');

const values = { ':a': { S: 'a' } };
const cases = {
  '4,097 bytes': { ConditionExpression: `attribute_not_exists(${'a'.repeat(4_075)})` },
  '301 operators': { ConditionExpression: `NOT a = :a${' OR a = :a'.repeat(150)}`, ExpressionAttributeValues: values },
  '101 operands of IN': { ConditionExpression: `NOT a IN (${Array(101).fill(':a').join(', ')})`, ExpressionAttributeValues: values },
};
const server = dynalite({ createTableMs: 0 });
server.listen(0, '127.0.0.1', async () => {
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const client = new DynamoDBClient({ endpoint: `http://127.0.0.1:${server.address().port}`, region: 'us-east-1', credentials });
  await client.send(
    new CreateTableCommand({
      TableName: 'table',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  let changed = false;
  for (const [name, condition] of Object.entries(cases)) {
    const put = client.send(new PutItemCommand({ TableName: 'table', Item: { id: { S: name } }, ...condition }));
    const outcome = await put.then(() => 'written', ({ message }) => `refused: ${message}`);
    console.log(`${name}: ${outcome}`);
    changed ||= outcome !== 'written';
  }
  process.exit(changed ? 1 : 0);
});
JS
node check.cjs
