import { it } from 'vitest';
import { settleSeconds } from '../../core/operation.ts';
import { expectRepeated, type Hit, kill, lambdasEnded, run, sweep } from './crash-sweep.ts';

/** The effect is there, but the sandbox is dead, and so is the execution. Its user runs the same command again. */
const killed: Hit = async (aws, workflow, point) => {
  await kill(aws, workflow, { ...point, kind: 'crash-after' });
  await lambdasEnded(aws);
  aws.clock.advance(settleSeconds * 1000);
  expectRepeated(workflow, await run(aws, workflow));
  return 'goes on';
};

it('converges when an execution is stopped after any mutating call, and run again', () => sweep('killed', killed));
