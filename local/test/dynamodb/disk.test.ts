import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundle } from '../harness/bundle.ts';
import { item, startDynamoDb, TableName, type TestDynamoDb, table } from '../harness/dynamodb.ts';

let stateDirectory: string;
let dynamodb: TestDynamoDb;
let client: DynamoDBClient;

beforeEach(async () => {
  stateDirectory = mkdtempSync(join(tmpdir(), 'dynamodb-'));
  await start();
});

afterEach(async () => {
  await dynamodb.stop();
  rmSync(stateDirectory, { recursive: true });
});

async function start() {
  dynamodb = await startDynamoDb(stateDirectory);
  client = dynamodb.clientIn('us-east-1');
}

describe('the database on disk', () => {
  const folder = () => join(stateDirectory, 'dynamodb');
  const file = (pattern: RegExp) => {
    const name = readdirSync(folder()).find((entry) => pattern.test(entry));
    if (name === undefined) throw new Error(`no ${pattern} in ${readdirSync(folder())}`);
    return join(folder(), name);
  };
  const open = () => startDynamoDb(stateDirectory);

  async function withDamage(damage: () => void) {
    await client.send(new CreateTableCommand(table));
    for (let n = 0; n < 50; n += 1) {
      await client.send(new PutItemCommand({ TableName, Item: { ...item(`item-${n}`), text: { S: 'x'.repeat(500) } } }));
    }
    await dynamodb.stop();
    damage();
    const files = () => readdirSync(folder()).map((name) => [name, readFileSync(join(folder(), name)).toString('base64')]);
    const before = files();
    try {
      await expect(open()).rejects.toMatchObject({ name: 'StateDamaged', file: folder(), message: expect.stringContaining(folder()) });
      expect(files()).toEqual(before);
    } finally {
      rmSync(folder(), { recursive: true });
      await start();
    }
  }

  it('is named if its log is damaged in the middle', () =>
    withDamage(() => {
      const log = readFileSync(file(/\.log$/));
      log.fill(0xff, log.length >> 1, (log.length >> 1) + 20);
      writeFileSync(file(/\.log$/), log);
    }));

  it('is named if its log has other content', () => withDamage(() => writeFileSync(file(/\.log$/), 'something else')));

  it('is named if its table of contents is missing or damaged', async () => {
    await withDamage(() => rmSync(file(/^CURRENT$/)));
    await withDamage(() => writeFileSync(file(/^MANIFEST/), 'something else'));
  });

  it('is named if another process has it open', async () => {
    await expect(open()).rejects.toMatchObject({ name: 'StateDamaged', message: expect.stringContaining('another process') });
  });

  it('keeps all answered writes when its process is killed', async () => {
    await dynamodb.stop();
    const written = await writeUntilKilled(200);
    await start();
    for (let n = 0; n < written; n += 1) {
      expect((await client.send(new GetItemCommand({ TableName, Key: item(`item-${n}`) }))).Item).toBeDefined();
    }
  });

  /** Kills another process while it writes items. Resolves to the number of answered writes, at least `least`. */
  async function writeUntilKilled(least: number): Promise<number> {
    const directory = mkdtempSync(join(tmpdir(), 'writer-'));
    const program = await bundle(directory, 'writer', 'test/dynamodb/writer.ts');
    try {
      const put = JSON.stringify({ TableName, Item: item('item-%') });
      const writer = spawn(process.execPath, [program, stateDirectory, JSON.stringify(table), put], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let answered = 0;
      writer.stdout.on('data', (dots: Buffer) => {
        answered += dots.length;
        if (answered >= least) writer.kill('SIGKILL');
      });
      const [, signal] = await once(writer, 'close');
      expect(signal).toBe('SIGKILL');
      return answered;
    } finally {
      rmSync(directory, { recursive: true });
    }
  }
});
