import { it } from 'vitest';
import { settleSeconds } from '../../core/operation.ts';
import { expectGood, expectRepeated, firstStart, type Hit, kill, lambdasEnded, remove, run, sweep, uninstall } from './crash-sweep.ts';

/**
 * The effect is there, but the sandbox is dead, and so is the execution. Its user thinks better of it: who wanted to have an environment
 * gives it up, who wanted to be rid of it, or of Recode, starts it after all.
 */
const abandoned: Hit = async (aws, workflow, point) => {
  await kill(aws, workflow, { ...point, kind: 'crash-after' });
  await lambdasEnded(aws);
  aws.clock.advance(settleSeconds * 1000);
  await workflow.undo?.(aws);
  if (workflow.kind === 'remove' || workflow.kind === 'uninstall') {
    const started = await run(aws, firstStart);
    if (workflow.kind === 'uninstall' || started.error !== 'EnvironmentBeingRemoved') {
      expectGood(firstStart, started);
      await firstStart.expectEnd(aws);
    }
  }
  expectRepeated(remove, await run(aws, remove));
  expectGood(uninstall, await run(aws, uninstall));
  await uninstall.expectEnd(aws);
  return 'is over';
};

it('leaves nothing behind when an execution is stopped after any mutating call, and something else is run', () =>
  sweep('abandoned', abandoned));
