import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchWriteItemCommand } from '@aws-sdk/client-dynamodb';
import { type ExecutionListItem, paginateListExecutions, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { withDueTime } from '../../aws/records/hold/format.ts';
import { stateMachineArn } from '../../core/executions.ts';
import { environmentId, stateMachineName, tableName } from '../../core/names.ts';
import { instance } from '../functions/documents.ts';
import { recordOf } from '../functions/installed.ts';
import { historyOf, longestData, longestDataIn, longestHistory } from '../harness/history.ts';
import { deployedAws, ended, runRemove, runStart } from '../harness/workflows.ts';

const count = 5_000;

let directory: string;
let aws: TestAws;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'recode-auto-stop-many-'));
  aws = await deployedAws(packageWhoseStopsEndAtOnce(directory));
});
afterAll(async () => {
  await aws.stop();
  rmSync(directory, { recursive: true });
});

/** Makes the packaged stack anew: what a sweep asks for is what counts here, not what becomes of it. */
function packageWhoseStopsEndAtOnce(to: string): string {
  cpSync(join(import.meta.dirname, '../../dist/stack'), to, { recursive: true });
  const file = join(to, 'cloudformation-template-update-stack.json');
  const template = JSON.parse(readFileSync(file, 'utf8')) as { Resources: Record<string, { Properties: Record<string, unknown> }> };
  const machine = Object.values(template.Resources).find(({ Properties }) => Properties?.StateMachineName === stateMachineName('stop'));
  if (!machine) throw new Error(`The packaged stack has no ${stateMachineName('stop')}.`);
  machine.Properties.DefinitionString = JSON.stringify({ StartAt: 'Done', States: { Done: { Type: 'Succeed' } } });
  writeFileSync(file, JSON.stringify(template));
  return to;
}

/** As many environments as nobody has, all of them due, with names as long as most are. */
async function recordMany(): Promise<void> {
  const now = aws.clock.now();
  for (let begin = 0; begin < count; begin += 25) {
    const requests = Array.from({ length: 25 }, (_, index) => {
      const repository = `some-organisation/repository-${begin + index}`;
      // dynalite takes two items of an index with one key for the same if a short hash of their ids is.
      const stopAt = new Date(now - begin - index).toISOString();
      const fields = { name: `environment-${begin + index}`, instance, publicIpAddress: '192.0.2.1', stopAt };
      const environment = recordOf({ owner: 'somebody@example.com', repository, uid: randomUUID(), ...fields });
      const item = { ...withDueTime(environment), kind: 'environment', id: environmentId(environment) };
      return { PutRequest: { Item: marshall(item, { removeUndefinedValues: true }) } };
    });
    await aws.clients.dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: requests } }));
  }
}

async function askedFor(): Promise<ExecutionListItem[]> {
  const found: ExecutionListItem[] = [];
  const pages = paginateListExecutions({ client: aws.clients.sfn }, { stateMachineArn: stateMachineArn(aws, 'stop'), maxResults: 1000 });
  for await (const { executions = [] } of pages) found.push(...executions);
  return found;
}

it('5,000 environments fit one sweep: each is asked for once, within what Step Functions lets a state and a history be', async () => {
  await runStart(aws);
  await runRemove(aws);
  await recordMany();
  const { executionArn = '' } = await aws.clients.sfn.send(
    new StartExecutionCommand({ stateMachineArn: stateMachineArn(aws, 'auto-stop'), input: '{}' }),
  );
  expect(await ended(aws, executionArn)).toMatchObject({ status: 'SUCCEEDED' });

  const asked = await askedFor();
  expect(asked).toHaveLength(count);
  expect(new Set(asked.map(({ name = '' }) => name.slice('auto-stop-'.length, 'auto-stop-'.length + 36))).size).toBe(count);

  const events = await historyOf(aws, executionArn);
  expect(events.length).toBeLessThan(longestHistory / 5);
  console.log(`a sweep of ${count}: ${events.length} events, at most ${longestDataIn(events)} bytes in a state's input or output`);
  expect(longestDataIn(events)).toBeLessThan(longestData / 2);
}, 180_000);
