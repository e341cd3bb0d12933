import { expect, it } from 'vitest';
import { type InstanceState, planStart, startFailure } from '../../core/plan.ts';

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

const explained = (state: InstanceState, reasonCode?: string) => ({ instanceId: 'i-0', state, reasonCode, reasonMessage: 'because' });

it.each([
  ['pending', undefined, true, undefined],
  ['running', undefined, false, undefined],
  ['terminated', 'Server.InternalError', true, 'InstanceFailedToLaunch'],
  ['shutting-down', 'Client.UserInitiatedShutdown', false, 'InstanceFailedToStart'],
  ['stopped', 'Client.InstanceInitiatedShutdown', true, 'InstanceFailedToLaunch'],
  ['stopped', 'Server.InternalError', false, 'InstanceFailedToStart'],
  ['stopped', 'Client.UserInitiatedShutdown', false, undefined],
  ['stopping', 'Client.InstanceInitiatedShutdown', false, undefined],
] as const)('takes %s for %s (launched by this start: %s) for %s', (state, reasonCode, created, name) => {
  const failure = startFailure(explained(state, reasonCode), created);
  expect(failure?.name).toBe(name);
  if (name) expect(failure?.message).toBe(`The instance i-0 is ${state}: because.`);
});
