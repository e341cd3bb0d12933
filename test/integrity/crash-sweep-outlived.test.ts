import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetExecutionHistoryCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { it } from 'vitest';
import { settleSeconds } from '../../core/operation.ts';
import { begin, ended } from '../harness/workflows.ts';
import { carefulRate, expectRepeated, type Hit, isRunning, kill, run, sweep } from './crash-sweep.ts';

/** How long the call is under way: less than the next execution waits if it has to, more than it takes if it has not to. */
const lateMilliseconds = 20_000;
/** How long to wait for the end of a Lambda in real time: its time-out may have ended it before. */
const longestMilliseconds = 5_000;

/**
 * The execution is dead, but its Lambda lives on: the call takes effect only when the user has run the same command again, and then the
 * Lambda goes on to its end.
 */
const outlived: Hit = async (aws, workflow, point) => {
  const late = aws.clock.now() + lateMilliseconds;
  await kill(aws, workflow, { ...point, kind: 'delay', milliseconds: lateMilliseconds });
  const rate = aws.clock.rate();
  aws.clock.setRate(carefulRate);
  const again = await begin(aws, workflow.kind, workflow.input);
  const ends = () => invocations(aws, point.function, again);
  const before = ends();
  while ((await isRunning(aws, again)) && !(await waits(aws, again))) await sleep(5);
  aws.clock.setRate(rate);
  aws.clock.advance(Math.max(0, late - aws.clock.now()));
  for (const end = Date.now() + longestMilliseconds; ends() === before && Date.now() < end; ) await sleep(5);
  aws.clock.advance(settleSeconds * 1000);
  expectRepeated(workflow, await ended(aws, again));
  // A first step that lives on may take for its dead execution what is free again; whoever comes next takes it over.
  if (point.function.endsWith('beginOperation')) expectRepeated(workflow, await run(aws, workflow));
  return 'goes on';
};

/** Whether the execution is kept waiting until the one before must be over. */
async function waits({ clients: { sfn } }: TestAws, executionArn: string): Promise<boolean> {
  const { events = [] } = await sfn.send(new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 5 }));
  return events.some(({ lambdaFunctionFailedEventDetails: failure }) => failure?.error === 'OperationSettling');
}

/** How many invocations of a function have ended, those of one execution aside: a step says so in its log. */
function invocations({ stateDirectory }: TestAws, functionName: string, besides: string): number {
  const file = join(stateDirectory, 'logs', `${functionName}.log`);
  if (!existsSync(file)) return 0;
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '' && !line.includes(besides)).length;
}

it('converges when a Lambda outlives its execution at any mutating call, and the execution is run again', () =>
  sweep('outlived', outlived));
