import { expect, it } from 'vitest';
import { type InstanceState, planStart } from '../../core/plan.ts';

const found = (...states: InstanceState[]) => states.map((state, index) => ({ instanceId: `i-${index}`, state }));

it.each([
  [[], { action: 'create' }],
  [['terminated'], { action: 'create' }],
  [['shutting-down'], { action: 'create' }],
  [['stopped'], { action: 'start', instanceId: 'i-0' }],
  [['stopping'], { action: 'undecided', instanceId: 'i-0' }],
  [['pending'], { action: 'wait', instanceId: 'i-0' }],
  [['running'], { action: 'nothing', instanceId: 'i-0' }],
  [['terminated', 'stopped'], { action: 'start', instanceId: 'i-1' }],
  [['stopped', 'running'], { action: 'nothing', instanceId: 'i-1' }],
] as [InstanceState[], unknown][])('with instances %j the plan is %j', (states, plan) => {
  expect(planStart(found(...states))).toEqual(plan);
});
