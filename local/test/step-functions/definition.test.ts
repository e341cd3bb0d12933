import { describe, expect, it } from 'vitest';
import { parseDefinition, UnsupportedDefinition } from '../../src/step-functions/definition.ts';

const parse = (definition: object) => parseDefinition('machine', JSON.stringify(definition));
const one = (state: object) => ({ StartAt: 'Only', States: { Only: { End: true, ...state } } });
const task = (rest: object = {}) => ({ Type: 'Task', Resource: 'arn:aws:lambda:us-east-1:000000000000:function:work', ...rest });

describe('parseDefinition', () => {
  it.each([
    [
      'a service integration',
      one(task({ Resource: 'arn:aws:states:::lambda:invoke' })),
      /Resource: only the ARN of a Lambda function is supported/,
    ],
    ['a version of a function', one(task({ Resource: 'arn:aws:lambda:us-east-1:000000000000:function:work:1' })), /Resource/],
    ['a heartbeat', one(task({ HeartbeatSeconds: 5 })), /HeartbeatSeconds/],
    ['JSONata', { ...one(task()), QueryLanguage: 'JSONata' }, /only JSONPath/],
    ['variables', one(task({ Assign: { a: 1 } })), /Assign/],
    ['a task token', one(task({ Parameters: { 'token.$': '$$.Task.Token' } })), /context object has no \$\$\.Task/],
    ['the whole context object', one(task({ Parameters: { 'all.$': '$$' } })), /context object has no \$\$/],
    [
      'States.JsonToString, which has a bug in the interpreter',
      one(task({ Parameters: { 'text.$': 'States.JsonToString($)' } })),
      /JsonToString/,
    ],
    ['a ResultPath in brackets', one(task({ ResultPath: "$['a']" })), /ResultPath/],
    ['a distributed Map', one({ Type: 'Map', ItemProcessor: { ...one(task()), ProcessorConfig: { Mode: 'DISTRIBUTED' } } }), /INLINE/],
    ['a tolerated failure of a Map', one({ Type: 'Map', ItemProcessor: one(task()), ToleratedFailureCount: 1 }), /ToleratedFailureCount/],
    [
      'an interval that is not a whole number',
      one(task({ Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 0.5 }] })),
      /IntervalSeconds/,
    ],
    ['a wait until a time', one({ Type: 'Wait', Timestamp: '2026-01-01T00:00:00Z' }), /States\.Only\.Seconds/],
    ['a timeout from the input', one(task({ TimeoutSecondsPath: '$.seconds' })), /TimeoutSecondsPath/],
    [
      'the opposite of a type test, which the interpreter never matches',
      { StartAt: 'Only', States: { Only: { Type: 'Choice', Choices: [{ Variable: '$.a', IsPresent: false, Next: 'Only' }] } } },
      /IsPresent: false is not supported/,
    ],
    ['an unknown type', one({ Type: 'Jump' }), /Type/],
    ['a field of another type of state', { StartAt: 'Only', States: { Only: { Type: 'Succeed', Next: 'Only' } } }, /Next/],
    ['a missing first state', { StartAt: 'Nobody', States: {} }, /StartAt leads to Nobody, which does not exist/],
    ['a missing next state', one({ Type: 'Pass', End: undefined, Next: 'Nobody' }), /Only leads to Nobody/],
    [
      'a choice that leads nowhere',
      { StartAt: 'Only', States: { Only: { Type: 'Choice', Choices: [{ Variable: '$.a', IsNull: true, Next: 'Nobody' }] } } },
      /Only leads to Nobody/,
    ],
    [
      'a default that leads nowhere',
      { StartAt: 'Only', States: { Only: { Type: 'Choice', Choices: [], Default: 'Nobody' } } },
      /Only leads to Nobody/,
    ],
    ['a catcher that leads nowhere', one(task({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Nobody' }] })), /Only leads to Nobody/],
    ['neither Next nor End', one({ Type: 'Pass', End: undefined }), /Only needs either Next or End/],
    ['both Next and End', one({ Type: 'Pass', Next: 'Only' }), /Only needs either Next or End/],
    ['a fault in a branch', one({ Type: 'Parallel', Branches: [{ StartAt: 'Nobody', States: {} }] }), /StartAt leads to Nobody/],
    ['a fault in a Map', one({ Type: 'Map', ItemProcessor: { StartAt: 'Nobody', States: {} } }), /StartAt leads to Nobody/],
  ])('refuses %s', (_, definition, message) => {
    expect(() => parse(definition)).toThrow(message);
    expect(() => parse(definition)).toThrow(UnsupportedDefinition);
    expect(() => parse(definition)).toThrow(/^The embedded AWS cannot run the state machine machine: /);
  });

  it('does not change data that looks like a path', () => {
    const Result = { 'a.$': '$$.Task.Token', Variable: '$$', IsNull: false };
    expect(parse(one({ Type: 'Pass', Result })).States.Only).toMatchObject({ Result });
  });
});
