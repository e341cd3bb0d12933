import { parseDefinition } from '@recode/embedded-aws/step-functions/definition';
import { describe, expect, it } from 'vitest';
import { recoveryFaults } from './recovery-rules.ts';
import { resources } from './stack.ts';
import type { Machine } from './states.ts';

const machines = resources('AWS::StepFunctions::StateMachine').map(({ StateMachineName, DefinitionString }) => ({
  name: String(StateMachineName),
  machine: JSON.parse(String(DefinitionString)) as Machine,
}));

const task = (rest: object) => ({
  StartAt: 'Only',
  States: {
    Only: { Type: 'Task', Resource: 'arn:aws:lambda:us-east-1:000000000000:function:only', End: true, ...rest },
    Other: { Type: 'Succeed' },
  },
});
const retry = (...retriers: object[]) => task({ Retry: retriers });
const caught = (...ErrorEquals: string[][]) => task({ Catch: ErrorEquals.map((names) => ({ ErrorEquals: names, Next: 'Other' })) });
const timeout = { ErrorEquals: ['States.Timeout'] };
const all = { ErrorEquals: ['States.ALL'] };

describe.each(machines)('$name', ({ machine }) => {
  it('retries and catches by the rules that no validator checks', () => {
    expect(recoveryFaults(machine)).toEqual([]);
  });
});

it('accepts what the rules allow', () => {
  const retrier = { ...timeout, IntervalSeconds: 1, BackoffRate: 1, MaxAttempts: 0, MaxDelaySeconds: 2, JitterStrategy: 'FULL' };
  for (const good of [retry(retrier, { ErrorEquals: ['NoCapacity', 'Lambda.Unknown'] }, all), caught(['NoCapacity'], ['States.ALL'])]) {
    expect(recoveryFaults(good as unknown as Machine)).toEqual([]);
    expect(() => parseDefinition('good', JSON.stringify(good))).not.toThrow();
  }
});

// asl-validator 4.0.0 accepts each of them.
const bad: [string, object, string][] = [
  ['an interval of 0 s', retry({ ...timeout, IntervalSeconds: 0 }), 'IntervalSeconds is no whole number from 1'],
  ['half a second', retry({ ...timeout, IntervalSeconds: 0.5 }), 'IntervalSeconds is no whole number from 1'],
  ['an interval that shrinks', retry({ ...timeout, BackoffRate: 0.5 }), 'BackoffRate is less than 1'],
  ['an unknown jitter', retry({ ...timeout, JitterStrategy: 'HALF' }), 'JitterStrategy is neither FULL nor NONE'],
  ['attempts below 0', retry({ ...timeout, MaxAttempts: -1 }), 'MaxAttempts is no whole number from 0 to 99999999'],
  ['too many attempts', retry({ ...timeout, MaxAttempts: 100_000_000 }), 'MaxAttempts is no whole number from 0 to 99999999'],
  ['no delay at most', retry({ ...timeout, IntervalSeconds: 5, MaxDelaySeconds: 5 }), 'MaxDelaySeconds is not above IntervalSeconds'],
  ['a year at most', retry({ ...timeout, MaxDelaySeconds: 31_622_400 }), 'MaxDelaySeconds is no whole number below 31622400'],
  ['a retrier of nothing', retry({ ErrorEquals: [] }), 'ErrorEquals names no error'],
  ['a retrier of all and more', retry({ ErrorEquals: ['States.ALL', 'NoCapacity'] }), 'States.ALL does not stand alone'],
  ['a retrier after that of all', retry(all, timeout), 'States.ALL does not come last'],
  ['a catcher of nothing', caught([]), 'ErrorEquals names no error'],
  ['a catcher of all and more', caught(['NoCapacity', 'States.ALL']), 'States.ALL does not stand alone'],
  ['a catcher after that of all', caught(['States.ALL'], ['NoCapacity']), 'States.ALL does not come last'],
];
const ownRules: [string, object, string][] = [
  ['a name twice', retry({ ErrorEquals: ['NoCapacity'] }, { ErrorEquals: ['NoCapacity'] }), 'NoCapacity is named twice'],
  ['a name twice among the catchers', caught(['NoCapacity'], ['NoCapacity']), 'NoCapacity is named twice'],
  ['a name that nobody throws', retry({ ErrorEquals: ['NoCapacityy'] }), 'nobody throws NoCapacityy'],
  [
    'a heartbeat as long as the time-out',
    task({ TimeoutSeconds: 40, HeartbeatSeconds: 40 }),
    'HeartbeatSeconds is not less than TimeoutSeconds',
  ],
];

it.each([...bad, ...ownRules])('refuses %s', (_, machine, fault) => {
  expect(recoveryFaults(machine as unknown as Machine)).toEqual([`Only: ${fault}`]);
});

it.each(bad)('the embedded Step Functions does not deploy %s', (_, machine) => {
  expect(() => parseDefinition('bad', JSON.stringify(machine))).toThrow(/^The embedded AWS cannot run the state machine bad: /);
});
