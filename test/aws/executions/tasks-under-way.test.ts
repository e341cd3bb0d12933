import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { tasksUnderWay } from '../../../aws/executions/tasks-under-way.ts';

/** Events from lines such as `3<2 TaskStateEntered A`. */
function history(...lines: string[]): HistoryEvent[] {
  return lines.map((line) => {
    const [, id, previous, type = '', name] = /^(\d+)<(\d+) (\w+) ?(.*)$/.exec(line) ?? [];
    const details = type.endsWith('StateEntered') ? 'stateEnteredEventDetails' : 'stateExitedEventDetails';
    return {
      id: Number(id),
      previousEventId: Number(previous),
      type: type as HistoryEvent['type'],
      timestamp: new Date(0),
      ...(/State(Entered|Exited)$/.test(type) && { [details]: { name } }),
    };
  });
}

// What AWS records: a Task that fails or is cut off has no TaskStateExited, and TaskStateAborted has no name.
const parallel = [
  '1<0 ExecutionStarted',
  '2<0 ParallelStateEntered Provision',
  '3<2 ParallelStateStarted',
  '4<3 TaskStateEntered CreateVpc',
  '5<3 TaskStateEntered CreateGateway',
  '6<4 LambdaFunctionScheduled',
  '7<6 LambdaFunctionStarted',
  '8<5 LambdaFunctionScheduled',
  '9<8 LambdaFunctionStarted',
];
const failed = [...parallel, '10<7 LambdaFunctionFailed', '11<10 TaskStateAborted', '12<10 ParallelStateFailed'];

describe('tasksUnderWay', () => {
  it('has the tasks of all branches, and those that wait for their next attempt', () => {
    expect(tasksUnderWay(history(...parallel))).toEqual(['CreateVpc', 'CreateGateway']);
    expect(tasksUnderWay(history(...parallel, '10<7 LambdaFunctionFailed'))).toEqual(['CreateVpc', 'CreateGateway']);
    expect(tasksUnderWay(history(...parallel, '10<7 LambdaFunctionSucceeded', '11<10 TaskStateExited CreateVpc'))).toEqual([
      'CreateGateway',
    ]);
  });

  it('has neither a task that failed nor one that was cut off, once the state around them is left', () => {
    const events = history(...failed, '13<12 ParallelStateExited Provision', '14<13 TaskStateEntered FailOperation');
    expect(tasksUnderWay(events)).toEqual(['FailOperation']);
  });

  it('has no task of a state within another that is left', () => {
    const events = history(
      '1<0 ExecutionStarted',
      '2<0 ParallelStateEntered Outer',
      '3<2 ParallelStateStarted',
      '4<3 TaskStateEntered Beside',
      '5<3 ParallelStateEntered Inner',
      '6<5 ParallelStateStarted',
      '7<6 TaskStateEntered Bad',
      '8<6 TaskStateEntered Good',
      '9<7 LambdaFunctionFailed',
      '10<9 TaskStateAborted',
      '11<9 ParallelStateFailed',
      '12<11 ParallelStateFailed',
      '13<12 ParallelStateExited Outer',
      '14<13 TaskStateEntered FailOperation',
    );
    expect(tasksUnderWay(events)).toEqual(['FailOperation']);
  });

  // The chain of AWS's recording of a Map: test_map_state in test_base_scenarios.snapshot.json of LocalStack.
  it('tells apart the same task of several items of a Map', () => {
    const map = [
      '1<0 ExecutionStarted',
      '2<0 MapStateEntered Each',
      '3<2 MapStateStarted',
      '4<3 MapIterationStarted',
      '5<3 MapIterationStarted',
      '6<4 TaskStateEntered Item',
      '7<5 TaskStateEntered Item',
      '8<6 TaskStateExited Item',
      '9<8 MapIterationSucceeded',
    ];
    expect(tasksUnderWay(history(...map))).toEqual(['Item']);
    const over = ['10<7 TaskStateExited Item', '11<10 MapIterationSucceeded', '12<11 MapStateSucceeded', '13<11 MapStateExited Each'];
    expect(tasksUnderWay(history(...map, ...over))).toEqual([]);
  });
});
