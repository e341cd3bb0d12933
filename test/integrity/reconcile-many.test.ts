import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BatchWriteItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readAttributes } from '../../aws/records/read/table.ts';
import type { ReconcileOutput } from '../../core/document.ts';
import type { Found } from '../../core/finding.ts';
import { tableName } from '../../core/names.ts';
import { environmentKey } from '../functions/installed.ts';
import { historyOf, longestData, longestDataIn, longestHistory } from '../harness/history.ts';
import { begin, deployedAws, ended, runStart, runStop, unattended } from '../harness/workflows.ts';

const count = 5_000;

let aws: TestAws;
beforeAll(async () => {
  aws = await deployedAws();
});
afterAll(() => aws.stop());

/** Makes the environment of a number of a text about alice's acme/api: with its name, and IDs of its own. */
function copyOf(text: string, number: number): string {
  const digits = number.toString(16).padStart(17, '0');
  return text
    .replaceAll('acme-api', `acme-service-${number}`)
    .replaceAll('acme/api', `acme/service-${number}`)
    .replaceAll(/\b(i|vol|eni|eni-attach|sg|sgr|key)-[0-9a-f]{17}\b/g, `$1-${digits}`);
}

/** Copies the resources of the one environment in the state of the embedded EC2, which has no room for so many launches. */
function copyResources(): void {
  const file = join(aws.stateDirectory, 'ec2.json');
  const document = JSON.parse(readFileSync(file, 'utf8')) as { regions: Record<string, { resources: Record<string, { id: string }[]> }> };
  const resources = document.regions[aws.region]?.resources ?? {};
  const own = Object.values(resources)
    .flat()
    .filter((resource) => JSON.stringify(resource).includes('acme-api'))
    .map(({ id }) => id);
  for (const [kind, existing] of Object.entries(resources)) {
    const models = existing.map((resource) => JSON.stringify(resource)).filter((text) => own.some((id) => text.includes(id)));
    for (let number = 1; number < count; number++) existing.push(...models.map((model) => JSON.parse(copyOf(model, number))));
    resources[kind] = existing;
  }
  writeFileSync(file, JSON.stringify(document));
}

/** Copies its record, and no claim on its name. */
async function copyRecords(): Promise<void> {
  const model = JSON.stringify({ ...environmentKey, ...(await readAttributes(aws.clients.dynamodb, environmentKey)) });
  for (let first = 1; first < count; first += 25) {
    const numbers = Array.from({ length: Math.min(25, count - first) }, (_, index) => first + index);
    const requests = numbers.map((number) => ({
      PutRequest: { Item: marshall({ ...JSON.parse(copyOf(model, number)), uid: `copy-${number}` }) },
    }));
    await aws.clients.dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: requests } }));
  }
}

async function check(extent?: 'all'): Promise<Found> {
  const executionArn = await begin(aws, 'reconcile', { caller: 'alice', ...(extent && { extent }) });
  const { status, output, cause } = await ended<ReconcileOutput>(aws, executionArn);
  expect(status, cause).toBe('SUCCEEDED');
  const events = await historyOf(aws, executionArn);
  console.log(`a check of ${count}: ${events.length} events, at most ${longestDataIn(events)} bytes in a state's input or output`);
  expect(events.length).toBeLessThan(longestHistory / 5);
  expect(longestDataIn(events)).toBeLessThan(longestData / 2);
  if (output?.status !== 'checked') throw new Error('Recode is not installed.');
  return output.found;
}

it('5,000 environments fit one check, whether all of them are as they should be or none is', async () => {
  await runStart(aws, { autoStop: { kind: 'never' } });
  await runStop(aws);
  await copyRecords();
  await aws.restart(copyResources);
  await unattended(aws);
  // In real time: the embedded EC2 takes longer for so many than EC2.
  await aws.post('clock', { rate: 1, advanceMilliseconds: 3_600_000 });

  const { first, more } = await check();
  expect(new Set(first.map(({ problem }) => problem))).toEqual(new Set(['The environment has no claim on its name.']));
  expect(first.length + more).toBe(count - 1);
  expect(await check('all')).toMatchObject({ fixed: count - 1 });
  expect(await check()).toEqual({ first: [], more: 0, fixed: 0 });
});
