import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createClock } from '../../src/clock.ts';
import { openExecutions } from '../../src/step-functions/executions.ts';
import { createHistory, openHistory } from '../../src/step-functions/history.ts';
import { StateDamaged } from '../../src/store.ts';
import { bundleRuntime, type Embedded, embed, inLines, machineArn } from '../harness/step-functions.ts';
import { accountId } from '../lambda/functions.ts';

const machine = {
  StartAt: 'First',
  States: { First: { Type: 'Pass', Next: 'Long' }, Long: { Type: 'Task', Resource: '${hang}', End: true } },
};
const hang = 'export const handler = () => new Promise((resolve) => setTimeout(resolve, 60_000));';
const stopped = 'The embedded AWS was stopped while this execution ran.';
const started: Embedded[] = [];
const lambda = { invokedBy: () => () => Promise.reject(new Error('Nothing is invoked.')) };
let shared: string;
let runtimeFile: string;

beforeAll(async () => {
  shared = mkdtempSync(join(tmpdir(), 'restart-'));
  runtimeFile = await bundleRuntime(shared);
});
afterAll(() => rmSync(shared, { recursive: true }));
afterEach(async () => {
  for (const embedded of started.splice(0)) await embedded.stop();
});

async function begin(takeOver?: string): Promise<Embedded> {
  const embedded = await embed({ runtimeFile, stateMachines: { machine }, functions: { hang }, ...(takeOver && { takeOver }) });
  started.push(embedded);
  return embedded;
}

/** Starts an execution that hangs in its function. */
async function beginHanging(embedded: Embedded, name: string): Promise<string> {
  const arn = await embedded.start('machine', { a: 1 }, name);
  await expect.poll(async () => inLines(await embedded.history(arn)).at(-1)).toMatch(/LambdaFunctionStarted$/);
  return arn;
}

const upToTheFunction = [
  '1<0 ExecutionStarted',
  '2<0 PassStateEntered First',
  '3<2 PassStateExited First',
  '4<3 TaskStateEntered Long',
  '5<4 LambdaFunctionScheduled',
  '6<5 LambdaFunctionStarted',
];

it('aborts an execution that was running at a kill, with a complete history', async () => {
  const killed = await begin();
  const arn = await beginHanging(killed, 'cut');
  const next = await begin(killed.directory);
  expect(await next.end(arn)).toMatchObject({ status: 'ABORTED', error: 'EmbeddedAwsStopped', cause: stopped });
  expect(inLines(await next.history(arn))).toEqual([...upToTheFunction, '7<0 ExecutionAborted']);
});

it('drops an incomplete last line, and continues after it', async () => {
  const killed = await begin();
  const arn = await beginHanging(killed, 'torn');
  appendFileSync(join(killed.directory, 'executions/machine/torn.jsonl'), '{"id":7,"previousEventId":6,"ty');
  const next = await begin(killed.directory);
  expect(inLines(await next.history(arn))).toEqual([...upToTheFunction, '7<0 ExecutionAborted']);
  const last = await begin(next.directory);
  expect(inLines(await last.history(arn))).toHaveLength(7);
});

it('does not change closed executions, and lists old executions before new ones', async () => {
  const first = await begin();
  const arn = await beginHanging(first, 'old');
  first.clock.advance(1000);
  const second = await begin(first.directory);
  const before = await second.history(arn);
  const third = await begin(second.directory);
  await third.start('machine', {}, 'new');
  expect(await third.history(arn)).toEqual(before);
  const { executions } = await third.sfn.send(new ListExecutionsCommand({ stateMachineArn: machineArn('machine') }));
  expect(executions?.map(({ name, status }) => `${name} ${status}`)).toEqual(['new RUNNING', 'old ABORTED']);
});

it.each([
  ['a malformed line in its middle', (lines: string[]) => lines.with(3, '{"id":3,')],
  ['a missing line', (lines: string[]) => lines.toSpliced(3, 1)],
  ['no beginning', (lines: string[]) => lines.slice(1)],
  ['an event without a type', (lines: string[]) => lines.with(3, '{"id":3,"previousEventId":2,"timestamp":1}')],
])('names a history with %s as damaged, and does not change it', async (_, damage) => {
  const killed = await begin();
  await beginHanging(killed, 'damaged');
  const file = join(killed.directory, 'executions/machine/damaged.jsonl');
  const whole = readFileSync(file, 'utf8');
  const damaged = damage(whole.split('\n')).join('\n');
  writeFileSync(file, damaged);
  const clock = createClock();
  expect(() => openHistory(file, clock)).toThrow(expect.objectContaining({ constructor: StateDamaged, file }));
  expect(readFileSync(file, 'utf8')).toBe(damaged);
  await expect(begin(killed.directory)).rejects.toThrow(/damaged\.jsonl is damaged/);
  writeFileSync(file, whole);
});

it('aborts the running executions when it stops', async () => {
  const embedded = await begin();
  const arn = await beginHanging(embedded, 'ended');
  const file = join(embedded.directory, 'executions/machine/ended.jsonl');
  embedded.stopStepFunctions();
  expect(inLines(await embedded.history(arn))).toEqual([...upToTheFunction, '7<0 ExecutionAborted']);
  expect(readFileSync(file, 'utf8').trimEnd().split('\n').at(-1)).toContain(stopped);
});

it('forgets an execution 90 days after its end', () => {
  const directory = mkdtempSync(join(tmpdir(), 'restart-'));
  const clock = createClock();
  const file = join(directory, 'machine', 'x.jsonl');
  const arn = machineArn('machine');
  const header = {
    executionArn: `${arn}:x`,
    name: 'x',
    stateMachineArn: arn,
    stateMachineName: 'machine',
    roleArn: 'r',
    definition: '{}',
    input: '{}',
    startDate: clock.now(),
  };
  mkdirSync(dirname(file), { recursive: true });
  createHistory(file, header, clock).append('ExecutionSucceeded', 1, { output: '{}' });
  const days = (count: number) => count * 24 * 60 * 60 * 1000;
  const stack = { accountId, stateMachines: [] };
  const known = () => openExecutions({ stack, directory, clock, lambda }).all().length;
  clock.advance(days(89));
  expect(known()).toBe(1);
  clock.advance(days(2));
  expect(known()).toBe(0);
  clock.stop();
  rmSync(directory, { recursive: true });
});

it('reports an execution that was running at a kill once', () => {
  const directory = mkdtempSync(join(tmpdir(), 'restart-'));
  const clock = createClock();
  const stateMachineArn = machineArn('machine');
  const executionArn = `${stateMachineArn}:x`;
  const header = { executionArn, name: 'x', stateMachineArn, stateMachineName: 'machine', roleArn: 'r', definition: '{}', input: '{}' };
  mkdirSync(join(directory, 'machine'));
  createHistory(join(directory, 'machine', 'x.jsonl'), { ...header, startDate: clock.now() }, clock);
  const stack = { accountId, stateMachines: [] };
  const changes: unknown[] = [];
  const open = () => openExecutions({ stack, directory, clock, lambda, onStatusChange: (execution) => changes.push(execution) });
  open();
  expect(changes).toMatchObject([{ executionArn, closed: { status: 'ABORTED', error: 'EmbeddedAwsStopped', cause: stopped } }]);
  open();
  expect(changes).toHaveLength(1);
  clock.stop();
  rmSync(directory, { recursive: true });
});
