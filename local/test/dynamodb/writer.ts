// Creates a table and writes items until it is killed, with a dot on stdout for each. disk.test.ts counts the dots.
import { createClock } from '../../src/clock.ts';
import { createDynamoDb } from '../../src/dynamodb/dynamodb.ts';

const [, , stateDirectory = '', table = '', item = ''] = process.argv;
const dynamodb = await createDynamoDb({ stateDirectory, region: 'us-east-1', accountId: '000000000000', clock: createClock() });
const call = (action: string, body: string) =>
  dynamodb.handle({
    id: '',
    method: 'POST',
    path: '/',
    headers: { 'x-amz-target': `DynamoDB_20120810.${action}` },
    body: Buffer.from(body),
    accessKeyId: 'alice',
    region: 'us-east-1',
  });

await call('CreateTable', table);
for (let n = 0; ; n += 1) {
  await call('PutItem', item.replace('%', String(n)));
  process.stdout.write('.');
}
