import { expect, it } from 'vitest';
import { decideStart, failedToLaunch, type InstanceState, startFailure } from '../../core/plan.ts';

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
  expect(decideStart(found(...states))).toEqual(plan);
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

// The codes of https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html; the pairs of code and message as
// https://github.com/aws/karpenter-provider-aws/issues/1407 and https://repost.aws/knowledge-center/kms-iam-ec2-permission show them.
it.each([
  ['Client.InternalError', 'Client.InternalError: Client error on launch', true, 'VolumeKeyNotUsable'],
  ['Server.InternalError', 'Client.InternalError: Client error on launch', true, 'VolumeKeyNotUsable'],
  ['Client.InternalError', 'Client.InternalError: Client error on launch', false, 'VolumeKeyNotUsable'],
  [
    'Client.InvalidKMSKey.InvalidState',
    'Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state',
    true,
    'VolumeKeyNotUsable',
  ],
  ['Server.InsufficientInstanceCapacity', 'Server.InsufficientInstanceCapacity: Insufficient capacity', true, 'NoCapacity'],
  ['Server.InsufficientInstanceCapacity', 'Server.InsufficientInstanceCapacity: Insufficient capacity', false, 'NoCapacityToStart'],
  ['Client.VolumeLimitExceeded', 'Client.VolumeLimitExceeded: Volume limit exceeded', true, 'QuotaReached'],
  ['Server.InternalError', 'Server.InternalError: Internal error on launch', true, 'InstanceFailedToLaunch'],
] as const)('takes the reason %s (%s; launched by this start: %s) for %s', (reasonCode, reasonMessage, created, name) => {
  const state = created ? 'terminated' : 'stopped';
  expect(startFailure({ instanceId: 'i-0', state, reasonCode, reasonMessage }, created)).toMatchObject({
    name,
    message: `The instance i-0 is ${state}: ${reasonMessage}.`,
  });
});

it.each(['shutting-down', 'terminated'] as const)(
  'takes a launch that an earlier start left, and that is %s, for one without capacity',
  (state) => {
    expect(startFailure(explained(state, 'Server.InsufficientInstanceCapacity'), false)?.name).toBe('NoCapacity');
  },
);

// The codes whose description there says that the instance was terminated during its launch, or could not be launched.
it.each([
  'Server.InsufficientInstanceCapacity',
  'Server.InternalError',
  'Client.InternalError',
  'Client.VolumeLimitExceeded',
  'Client.InvalidSnapshot.NotFound',
  'Client.InvalidKMSKey.InvalidState',
])('takes an instance for one that never ran if it was terminated with %s', (reasonCode) => {
  expect(failedToLaunch(explained('terminated', reasonCode))).toBe(true);
  expect(failedToLaunch(explained('stopped', reasonCode))).toBe(false);
});

it.each([
  'Client.UserInitiatedShutdown',
  'Client.InstanceInitiatedShutdown',
  'Client.InstanceTerminated',
  'Server.ScheduledStop',
  undefined,
])('supposes that an instance has run which was terminated with %s', (reasonCode) => {
  expect(failedToLaunch(explained('terminated', reasonCode))).toBe(false);
});
