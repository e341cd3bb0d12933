import { describe, expect, it } from 'vitest';
import { inLines, one, useDeployments } from '../harness/step-functions.ts';

const { deploy, embedded } = useDeployments();
const echo = 'export const handler = async (event) => event;';

describe('data flow', () => {
  it('selects inputs, shapes results and merges parallel branches', async () => {
    await deploy(
      {
        StartAt: 'Begin',
        States: {
          Begin: {
            Type: 'Task',
            Resource: '${echo}',
            Parameters: {
              'id.$': '$$.Execution.Id',
              'input.$': '$$.Execution.Input',
              'machine.$': '$$.StateMachine.Name',
              'state.$': '$$.State.Name',
            },
            ResultSelector: { 'id.$': '$.id', 'input.$': '$.input', 'machine.$': '$.machine', 'state.$': '$.state', fixed: true },
            ResultPath: '$.begun',
            Next: 'Both',
          },
          Both: {
            Type: 'Parallel',
            Branches: [
              one({ Type: 'Pass', Result: { id: 'vpc-1' }, ResultPath: '$.vpc' }),
              {
                StartAt: 'Inner',
                States: { Inner: { Type: 'Pass', Parameters: { 'execution.$': '$$.Execution.Input.owner' }, End: true } },
              },
            ],
            ResultSelector: { 'all.$': 'States.JsonMerge($[0], $[1], false)' },
            OutputPath: '$.all',
            Next: 'Drop',
          },
          Drop: { Type: 'Task', Resource: '${echo}', ResultPath: null, End: true },
        },
      },
      { functions: { echo } },
    );
    const { executionArn, status, output } = await embedded().run('machine', { owner: 'ana' });
    expect(status).toBe('SUCCEEDED');
    expect(output).toEqual({
      owner: 'ana',
      begun: { id: executionArn, input: { owner: 'ana' }, machine: 'machine', state: 'Begin', fixed: true },
      vpc: { id: 'vpc-1' },
      execution: 'ana',
    });
  });

  it.each([[null], [false], [0], ['']])('lets a Pass return %j', async (Result) => {
    await deploy(one({ Type: 'Pass', Result }));
    expect((await embedded().run('machine', { a: 1 })).output).toBe(Result);
  });

  it('uses the ResultPath $ as the whole output', async () => {
    await deploy(one({ Type: 'Pass', Result: { b: 2 }, ResultPath: '$' }));
    expect((await embedded().run('machine', { a: 1 })).output).toEqual({ b: 2 });
  });

  it.each([
    [{ v: null }, { IsNull: true }, 'yes'],
    [{ v: 1 }, { IsNull: true }, 'no'],
    [{}, { IsPresent: true }, 'no'],
    [{ v: 1 }, { IsPresent: true }, 'yes'],
    [{ v: 'ready' }, { StringEquals: 'ready' }, 'yes'],
  ])('chooses for %j by %j: %s', async (input, rule, expected) => {
    const answer = (Result: string) => ({ Type: 'Pass', Result, End: true });
    await deploy({
      StartAt: 'Choose',
      States: {
        Choose: { Type: 'Choice', Choices: [{ Variable: '$.v', ...rule, Next: 'Yes' }], Default: 'No' },
        Yes: answer('yes'),
        No: answer('no'),
      },
    });
    expect((await embedded().run('machine', input)).output).toBe(expected);
  });

  it('ends with States.NoChoiceMatched without a default', async () => {
    await deploy({
      StartAt: 'Choose',
      States: { Choose: { Type: 'Choice', Choices: [{ Variable: '$.v', NumericEquals: 2, Next: 'Yes' }] }, Yes: { Type: 'Succeed' } },
    });
    expect(await embedded().run('machine', { v: 1 })).toMatchObject({ status: 'FAILED', error: 'States.NoChoiceMatched' });
  });

  it('ends with States.Runtime if a path finds nothing, which nothing catches', async () => {
    await deploy(
      {
        StartAt: 'Only',
        States: {
          Only: {
            Type: 'Task',
            Resource: '${echo}',
            Parameters: { 'a.$': '$.missing' },
            Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
            End: true,
          },
          Caught: { Type: 'Succeed' },
        },
      },
      { functions: { echo } },
    );
    const { executionArn, ...outcome } = await embedded().run('machine');
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    expect(outcome.cause).toMatch(/^An error occurred while executing the state 'Only' \(entered at the event id #2\)\. .*\$\.missing/);
    expect(inLines(await embedded().history(executionArn))).toEqual([
      '1<0 ExecutionStarted',
      '2<0 TaskStateEntered Only',
      '3<2 ExecutionFailed',
    ]);
  });

  it('ends with States.DataLimitExceeded if a result is too long', async () => {
    const long = "export const handler = async ({ length }) => 'x'.repeat(length);";
    await deploy(one({ Type: 'Task', Resource: '${long}' }), { functions: { long } });
    expect(await embedded().run('machine', { length: 262_100 })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await embedded().run('machine', { length: 262_144 })).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
  });

  // From AWS, on 21 March 2024: test_states_errors.snapshot.json of LocalStack.
  it.each(['States.DataLimitExceeded', 'States.ALL'])('catches a result that is too long by %s', async (name) => {
    const long = "export const handler = async () => 'x'.repeat(262_144);";
    const Only = { Type: 'Task', Resource: '${long}', Catch: [{ ErrorEquals: [name], Next: 'Caught' }], End: true };
    await deploy({ StartAt: 'Only', States: { Only, Caught: { Type: 'Pass', End: true } } }, { functions: { long } });
    const { executionArn, output } = await embedded().run('machine');
    const resource = 'arn:aws:lambda:us-east-1:000000000000:function:long';
    const Cause = `The state/task '${resource}' returned a result with a size exceeding the maximum number of bytes service limit.`;
    expect(output).toEqual({ Error: 'States.DataLimitExceeded', Cause });
    const events = await embedded().history(executionArn);
    expect(inLines(events)).toEqual([
      '1<0 ExecutionStarted',
      '2<0 TaskStateEntered Only',
      '3<2 LambdaFunctionScheduled',
      '4<3 LambdaFunctionStarted',
      '5<4 LambdaFunctionFailed',
      '6<5 TaskStateExited Only',
      '7<6 PassStateEntered Caught',
      '8<7 PassStateExited Caught',
      '9<8 ExecutionSucceeded',
    ]);
    expect(events[4]?.lambdaFunctionFailedEventDetails).toEqual({ error: 'States.DataLimitExceeded', cause: Cause });
  });

  it("does not catch a state's own output that is too long", async () => {
    const half = "export const handler = async () => 'x'.repeat(140_000);";
    const Only = {
      Type: 'Task',
      Resource: '${half}',
      ResultPath: '$.result',
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
      End: true,
    };
    await deploy({ StartAt: 'Only', States: { Only, Caught: { Type: 'Pass', End: true } } }, { functions: { half } });
    const outcome = await embedded().run('machine', { before: 'x'.repeat(140_000) });
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
  });

  it('catches States.JsonMerge of a text as States.IntrinsicFailure', async () => {
    const Both = {
      Type: 'Parallel',
      Branches: [one({ Type: 'Pass', Result: 'text' }), { StartAt: 'Two', States: { Two: { Type: 'Pass', Result: {}, End: true } } }],
      ResultSelector: { 'merged.$': 'States.JsonMerge($[0], $[1], false)' },
      Catch: [{ ErrorEquals: ['States.IntrinsicFailure'], ResultPath: '$.failure', Next: 'Caught' }],
      End: true,
    };
    await deploy({ StartAt: 'Both', States: { Both, Caught: { Type: 'Pass', End: true } } });
    expect(await embedded().run('machine', {})).toMatchObject({
      status: 'SUCCEEDED',
      output: { failure: { Error: 'States.IntrinsicFailure' } },
    });
  });

  it('ends with States.Runtime if a Fail state has a name of Step Functions', async () => {
    await deploy({ StartAt: 'Only', States: { Only: { Type: 'Fail', Error: 'States.Timeout' } } });
    expect(await embedded().run('machine')).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
  });
});
