import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetExecutionHistoryCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { strToU8, unzipSync, zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectConverged, expectNothing } from '../harness/inventory.ts';
import { copiedPackage, deployedAws, type Ended, runRemove, runRestart, runStart, runStop, runUninstall } from '../harness/workflows.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'warm-ups-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

// A warm-up makes no call of AWS, so no fault of a call can meet it: its function misbehaves instead.
const misbehaviors = [
  { what: 'kills its sandbox', code: 'process.exit(1)' },
  { what: 'fails', code: 'throw new Error("No sandbox is warm.")' },
  { what: 'never ends', code: 'return new Promise(() => {})' },
];

describe.each(misbehaviors)('where each warm-up $what', ({ code }) => {
  it('every operation ends as it would have, and leaves nothing behind', async () => {
    await using aws = await deployedAws(misbehaving(join(directory, 'stack'), code));
    // The first start of a region, and one in a network that is ready.
    for (const _ of ['first', 'next']) {
      await expectSuccess(aws, runStart(aws));
      await expectConverged(aws, 1);
      await expectSuccess(aws, runStop(aws));
      await expectConverged(aws, 1, 'stopped');
      await expectSuccess(aws, runStart(aws));
      await expectSuccess(aws, runRestart(aws));
      await expectConverged(aws, 1);
      await expectSuccess(aws, runRemove(aws));
      await expectConverged(aws, 0);
    }
    expect(await runStop(aws)).toMatchObject({ status: 'FAILED', error: 'EnvironmentNotFound' });
    await expectSuccess(aws, runUninstall(aws));
    await expectNothing(aws);
  });
});

/** Packages the stack with functions that do this when they are warmed up, and their work otherwise. */
function misbehaving(stack: string, code: string): string {
  copiedPackage(stack);
  for (const name of readdirSync(stack).filter((file) => file.endsWith('.zip'))) {
    const file = join(stack, name);
    const main = name.replace(/zip$/, 'mjs');
    const { [main]: step, ...others } = unzipSync(readFileSync(file));
    if (!step) throw new Error(`${name} has no ${main}.`);
    const wrapper = `import { handler as step } from './step.mjs';
export const handler = (event, context) => {
  if (event.warmUp) { ${code}; }
  return step(event, context);
};`;
    writeFileSync(file, zipSync({ ...others, 'step.mjs': step, [main]: strToU8(wrapper) }, { level: 0 }));
  }
  return stack;
}

/** Expects that an execution succeeds although none of the warm-ups that it waits for does. */
async function expectSuccess(aws: TestAws, run: Promise<Ended<unknown>>): Promise<void> {
  const { status, error, cause, executionArn } = await run;
  expect({ status, error, cause }).toEqual({ status: 'SUCCEEDED' });
  const { events = [] } = await aws.clients.sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }));
  const entered = events.flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []);
  const [warmed, failed] = [/^Warm\w+(?<!Failed)$/, /^Warm\w+Failed$/].map((kind) => entered.filter((name) => kind.test(name)).sort());
  expect(warmed).not.toEqual([]);
  expect(failed).toEqual(warmed?.map((name) => `${name}Failed`));
}
