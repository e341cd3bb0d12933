import { describe, expect, it } from 'vitest';
import { type CliTime, type Timeline, timelineOf } from '../../core/timeline.ts';
import { history, numbers, simulate } from './histories.ts';

const labels = new Map(['CreateVpc', 'CreateGateway', 'Bad', 'Good', 'FailOperation'].map((state) => [state, `Label of ${state}`]));
const draw = (lines: readonly string[], details = {}, cli?: CliTime) => timelineOf(history(lines, details), labels, cli);
/** Segments as `0-40 CreateVpc step`. */
const short = ({ segments }: Timeline) => segments.map(({ from, to, state, kind }) => `${from}-${to} ${state} ${kind}`);

/** The segments follow each other from the first event on, and the totals say the same. */
function expectContiguous({ segments, totals, milliseconds }: Timeline, from = 0): void {
  let at = from;
  for (const segment of segments) {
    expect(segment.from).toBe(at);
    expect(segment.to).toBeGreaterThanOrEqual(segment.from);
    at = segment.to;
  }
  expect(milliseconds).toBe(at - from);
  expect(totals.reduce((sum, total) => sum + total.milliseconds, 0)).toBe(milliseconds);
}

const task = [
  '1<0 +0 ExecutionStarted',
  '2<0 +5 TaskStateEntered CreateVpc',
  '3<2 +7 LambdaFunctionScheduled',
  '4<3 +9 LambdaFunctionStarted',
  '5<4 +507 LambdaFunctionSucceeded',
  '6<5 +510 TaskStateExited CreateVpc',
  '7<6 +512 ExecutionSucceeded',
];
const succeeded = (output: unknown) => ({ lambdaFunctionSucceededEventDetails: { output: JSON.stringify(output) } });
const failed = (last: string) => ({
  lambdaFunctionFailedEventDetails: { cause: JSON.stringify({ errorType: 'E', errorMessage: 'M', trace: ['E: M', '    at x', last] }) },
});

describe('the timeline of one step', () => {
  it('is split by what the step tells', () => {
    const timing = { coldMilliseconds: 150, awsMilliseconds: 80, waitedMilliseconds: 100, totalMilliseconds: 250 };
    const timeline = draw(task, { 5: succeeded({ vpcId: 'vpc-1', timing }) });
    expect(short(timeline)).toEqual([
      '0-5 null transition',
      '5-7 CreateVpc transition',
      // 500 ms between Scheduled and Succeeded, 250 of them in the handler.
      '7-257 CreateVpc lambda-cold',
      '257-327 CreateVpc lambda-warm',
      '327-407 CreateVpc aws',
      '407-507 CreateVpc waiting',
      '507-512 CreateVpc transition',
    ]);
    expect(timeline.segments[2]).toEqual({ state: 'CreateVpc', label: 'Label of CreateVpc', from: 7, to: 257, kind: 'lambda-cold' });
    expect(timeline).toMatchObject({ ended: true, milliseconds: 512 });
    expect(timeline.totals).toEqual([
      { kind: 'aws', milliseconds: 80 },
      { kind: 'waiting', milliseconds: 100 },
      { kind: 'lambda-cold', milliseconds: 250 },
      { kind: 'lambda-warm', milliseconds: 70 },
      { kind: 'transition', milliseconds: 12 },
    ]);
  });

  it('shows the proof of identity apart from other calls', () => {
    const timing = { awsMilliseconds: 80, proofMilliseconds: 100, totalMilliseconds: 190 };
    const timeline = draw(task, { 5: succeeded({ timing }) });
    expect(short(timeline).slice(2, -1)).toEqual(['7-327 CreateVpc lambda-warm', '327-427 CreateVpc proof', '427-507 CreateVpc aws']);
  });

  it('counts all that is no call as warm where the sandbox is not new', () => {
    const timeline = draw(task, { 5: succeeded({ timing: { awsMilliseconds: 80, totalMilliseconds: 90 } }) });
    expect(short(timeline).slice(2, -1)).toEqual(['7-427 CreateVpc lambda-warm', '427-507 CreateVpc aws']);
  });

  it('takes no more from the clock of the sandbox than there is', () => {
    const timing = { coldMilliseconds: 9_000, awsMilliseconds: 400, waitedMilliseconds: 300, totalMilliseconds: 800 };
    const timeline = draw(task, { 5: succeeded({ timing }) });
    expect(short(timeline).slice(2, -1)).toEqual(['7-407 CreateVpc aws', '407-507 CreateVpc waiting']);
    expectContiguous(timeline);
  });

  it.each([
    ['has no timing', succeeded({ vpcId: 'vpc-1' })],
    ['is null', succeeded(null)],
    ['is missing', {}],
    ['was cut short', { lambdaFunctionSucceededEventDetails: { output: '{"vpcId":"vp' } }],
    ['has a timing that is none', succeeded({ timing: { totalMilliseconds: -1 } })],
  ])('is one segment where the result %s', (_, details) => {
    expect(short(draw(task, { 5: details })).slice(2, -1)).toEqual(['7-507 CreateVpc step']);
  });

  it('has what took no time, but no empty segments beside others', () => {
    const instant = task.map((line) => line.replace(/\+\d+/, '+0'));
    const timeline = draw(instant, { 5: succeeded({ timing: { totalMilliseconds: 0 } }) });
    expect(short(timeline)).toEqual(['0-0 CreateVpc transition']);
    expect(timeline).toMatchObject({ milliseconds: 0, totals: [{ kind: 'transition', milliseconds: 0 }] });
    expect(short(draw([]))).toEqual([]);
    expect(short(draw(task.slice(0, 1)))).toEqual([]);
  });

  it('is not confused by a clock that goes back', () => {
    const back = task.map((line) => line.replace('+510', '+100').replace('+7 ', '+600 '));
    const timeline = draw(back);
    expectContiguous(timeline);
    expect(timeline.milliseconds).toBe(512);
  });
});

// Events refer to each other as in AWS's recordings; see test/aws/executions/tasks-under-way.test.ts.
const parallel = [
  '1<0 +0 ExecutionStarted',
  '2<0 +0 ParallelStateEntered Provision',
  '3<2 +0 ParallelStateStarted',
  '4<3 +0 TaskStateEntered CreateVpc',
  '5<3 +0 TaskStateEntered CreateGateway',
  '6<4 +0 LambdaFunctionScheduled',
  '7<6 +0 LambdaFunctionStarted',
  '8<5 +0 LambdaFunctionScheduled',
  '9<8 +0 LambdaFunctionStarted',
];

describe('the timeline of a Parallel', () => {
  it('has the branch that ended last', () => {
    const timeline = draw([
      ...parallel,
      '10<9 +30 LambdaFunctionSucceeded',
      '11<10 +31 TaskStateExited CreateGateway',
      '12<7 +50 LambdaFunctionSucceeded',
      '13<12 +51 TaskStateExited CreateVpc',
      '14<13 +52 ParallelStateSucceeded',
      '15<13 +53 ParallelStateExited Provision',
      '16<15 +54 ExecutionSucceeded',
    ]);
    expect(short(timeline)).toEqual(['0-50 CreateVpc step', '50-53 CreateVpc transition', '53-54 Provision transition']);
    expect(timeline.segments[2]?.label).toBeNull();
  });

  // What other implementations than AWS's name as the previous event.
  it.each(['11', '14', '3'])('has it also where the exit follows event %s', (previous) => {
    const timeline = draw([
      ...parallel,
      '10<9 +30 LambdaFunctionSucceeded',
      '11<10 +31 TaskStateExited CreateGateway',
      '12<7 +50 LambdaFunctionSucceeded',
      '13<12 +51 TaskStateExited CreateVpc',
      '14<3 +52 ParallelStateSucceeded',
      `15<${previous} +53 ParallelStateExited Provision`,
      '16<15 +54 ExecutionSucceeded',
    ]);
    expect(short(timeline)[0]).toBe('0-50 CreateVpc step');
  });

  it('has the branch that failed, though another one was still at work, and what followed', () => {
    const timeline = draw(
      [
        ...parallel,
        '10<9 +30 LambdaFunctionSucceeded',
        '11<7 +40 LambdaFunctionFailed',
        '12<11 +40 TaskStateAborted',
        '13<11 +41 ParallelStateFailed',
        '14<13 +42 ParallelStateExited Provision',
        '15<14 +43 TaskStateEntered FailOperation',
        '16<15 +43 LambdaFunctionScheduled',
        '17<16 +44 LambdaFunctionStarted',
        '18<17 +60 LambdaFunctionSucceeded',
        '19<18 +61 TaskStateExited FailOperation',
        '20<19 +62 FailStateEntered Failed',
        '21<20 +63 ExecutionFailed',
      ],
      { 11: failed('    timing {"awsMilliseconds":10,"totalMilliseconds":12}') },
    );
    expect(short(timeline)).toEqual([
      '0-30 CreateVpc lambda-warm',
      '30-40 CreateVpc aws',
      '40-41 CreateVpc transition',
      '41-43 Provision transition',
      '43-60 FailOperation step',
      '60-62 FailOperation transition',
      '62-63 Failed transition',
    ]);
  });

  it('has the failure within another one', () => {
    const timeline = draw([
      '1<0 +0 ExecutionStarted',
      '2<0 +0 ParallelStateEntered Outer',
      '3<2 +0 ParallelStateStarted',
      '4<3 +0 TaskStateEntered Beside',
      '5<3 +0 ParallelStateEntered Inner',
      '6<5 +0 ParallelStateStarted',
      '7<6 +0 TaskStateEntered Bad',
      '8<6 +0 TaskStateEntered Good',
      '9<7 +0 LambdaFunctionScheduled',
      '10<9 +20 LambdaFunctionTimedOut',
      '11<10 +20 TaskStateAborted',
      '12<10 +21 ParallelStateFailed',
      '13<12 +22 ParallelStateFailed',
      '14<13 +23 ExecutionFailed',
    ]);
    expect(short(timeline)).toEqual(['0-20 Bad step', '20-21 Bad transition', '21-22 Inner transition', '22-23 Outer transition']);
  });
});

describe('the timeline of retries', () => {
  const retried = [
    ...task.slice(0, 4),
    '5<4 +50 LambdaFunctionFailed',
    '6<5 +1050 LambdaFunctionScheduled',
    '7<6 +1051 LambdaFunctionStarted',
    '8<7 +1100 LambdaFunctionSucceeded',
    '9<8 +1101 TaskStateExited CreateVpc',
    '10<9 +1102 ExecutionSucceeded',
  ];

  it('counts the delay before an attempt as waiting, and splits a failed attempt by the last line of its stack trace', () => {
    const timing = failed('    timing {"awsMilliseconds":20,"totalMilliseconds":30}');
    expect(short(draw(retried, { 5: timing }))).toEqual([
      '0-5 null transition',
      '5-7 CreateVpc transition',
      '7-30 CreateVpc lambda-warm',
      '30-50 CreateVpc aws',
      '50-1050 CreateVpc waiting',
      '1050-1100 CreateVpc step',
      '1100-1102 CreateVpc transition',
    ]);
  });

  it.each(['    at y', '    timing soon', '    timing {}'])('leaves a failed attempt whole whose stack trace ends with %j', (last) => {
    expect(short(draw(retried, { 5: failed(last) }))).toContain('7-50 CreateVpc step');
  });

  it('counts the delay as waiting of what still runs, and of what was stopped during it', () => {
    const running = draw([...retried.slice(0, 5), '6<5 +900 ExecutionAborted']);
    expect(short(running).at(-1)).toBe('50-900 CreateVpc waiting');
    expect(running.ended).toBe(true);
    const told = draw([...retried.slice(0, 5), '6<5 +900 TaskStateAborted', '7<0 +901 ExecutionAborted']);
    expect(short(told).at(-1)).toBe('50-901 CreateVpc waiting');
    expect(short(draw(retried.slice(0, 5)))).toEqual(['0-5 null transition', '5-7 CreateVpc transition', '7-50 CreateVpc step']);
  });
});

describe('the timeline of what has not come to its end', () => {
  it('leads to the state that it has been in for longest', () => {
    const running = draw([...parallel, '10<7 +30 LambdaFunctionSucceeded', '11<10 +31 TaskStateExited CreateVpc']);
    expect(running).toMatchObject({ ended: false, milliseconds: 31 });
    expect(short(running)).toEqual(['0-31 CreateGateway step']);
  });

  it.each(['ExecutionAborted', 'ExecutionTimedOut'])('leads there from %s, which refers to no event', (end) => {
    const stopped = draw([
      ...parallel,
      '10<7 +30 LambdaFunctionSucceeded',
      '11<10 +31 TaskStateExited CreateVpc',
      '12<11 +35 TaskStateEntered Good',
      `13<0 +90 ${end}`,
    ]);
    expect(short(stopped)).toEqual(['0-90 CreateGateway step']);
    expect(stopped.ended).toBe(true);
  });

  it('has a Wait state that it is in', () => {
    const lines = ['1<0 +0 ExecutionStarted', '2<0 +1 WaitStateEntered Pause', '3<0 +60 ExecutionAborted'];
    expect(short(draw(lines))).toEqual(['0-1 null transition', '1-60 Pause waiting']);
  });

  it('has the branch that was at work when all are between two states', () => {
    const between = draw([
      ...parallel.filter((line) => !/^[589]</.test(line)),
      '10<7 +30 LambdaFunctionSucceeded',
      '11<10 +31 TaskStateExited CreateVpc',
    ]);
    expect(short(between)).toEqual(['0-30 CreateVpc step', '30-31 CreateVpc transition']);
  });
});

describe('the timeline of an execution without Lambda', () => {
  it('has its other tasks whole', () => {
    const lines = [
      '1<0 +0 ExecutionStarted',
      '2<0 +1 TaskStateEntered Nested',
      '3<2 +2 TaskScheduled',
      '4<3 +3 TaskStarted',
      '5<4 +40 TaskFailed',
      '6<5 +140 TaskScheduled',
      '7<6 +141 TaskStarted',
      '8<7 +150 TaskSucceeded',
      '9<8 +151 TaskStateExited Nested',
      '10<9 +152 ExecutionSucceeded',
    ];
    expect(short(draw(lines))).toEqual([
      '0-1 null transition',
      '1-2 Nested transition',
      '2-40 Nested step',
      '40-140 Nested waiting',
      '140-150 Nested step',
      '150-152 Nested transition',
    ]);
  });
});

describe('the time of the machine', () => {
  it('stands before and after the execution, with how late the end was known', () => {
    const timeline = draw(task, {}, { beforeMilliseconds: 700, followedMilliseconds: 912, afterMilliseconds: 50 });
    expect(short(timeline)[0]).toBe('-700-0 null cli');
    expect(short(timeline).at(-1)).toBe('512-962 null cli');
    expectContiguous(timeline, -700);
    expect(timeline.totals.at(-1)).toEqual({ kind: 'cli', milliseconds: 1150 });
  });

  it('is the beginning alone where the command did not wait, and never negative', () => {
    expect(short(draw(task, {}, { beforeMilliseconds: 700 })).filter((text) => text.endsWith('cli'))).toEqual(['-700-0 null cli']);
    const known = draw(task, {}, { beforeMilliseconds: 0, followedMilliseconds: 500, afterMilliseconds: 0 });
    expect(short(known).filter((text) => text.endsWith('cli'))).toEqual([]);
  });
});

describe('the timeline of any execution', () => {
  const seeds = Array.from({ length: 400 }, (_, index) => index + 1);

  it('has the path that was the longest, without gaps and overlaps, and what was waited on it', () => {
    for (const seed of seeds) {
      const { events, path, waited, milliseconds } = simulate(numbers(seed));
      const timeline = timelineOf(events, new Map());
      expectContiguous(timeline);
      expect(timeline.milliseconds, `seed ${seed}`).toBe(milliseconds);
      const states = timeline.segments.flatMap(({ state, kind }) => (kind === 'step' || kind === 'waiting' ? (state ?? []) : []));
      expect([...new Set(states)], `seed ${seed}`).toEqual(path);
      expect(timeline.totals.find(({ kind }) => kind === 'waiting')?.milliseconds ?? 0, `seed ${seed}`).toBe(waited);
    }
  });

  it('is without gaps and overlaps wherever it is cut off', () => {
    for (const seed of seeds) {
      const random = numbers(seed);
      const { events } = simulate(random);
      const cut = events.slice(0, 1 + Math.floor(random() * events.length));
      const running = timelineOf(cut, new Map());
      const last = cut.at(-1)?.timestamp?.getTime() ?? 0;
      expectContiguous(running);
      expect(running.milliseconds, `seed ${seed}`).toBe(last - Date.UTC(2026, 0, 1));
      const aborted = { id: cut.length + 1, previousEventId: 0, type: 'ExecutionAborted', timestamp: new Date(last + 25) };
      const stopped = timelineOf([...cut, aborted], new Map());
      expectContiguous(stopped);
      expect(stopped.milliseconds, `seed ${seed}`).toBe(last + 25 - Date.UTC(2026, 0, 1));
    }
  });

  it('is read of 25,000 events, the most that there can be', () => {
    const lines = ['1<0 +0 ExecutionStarted', '2<0 +0 TaskStateEntered CreateVpc'];
    for (let id = 3; id < 24_998; id += 3) {
      lines.push(`${id}<${id - 1} +${id} LambdaFunctionScheduled`);
      lines.push(`${id + 1}<${id} +${id} LambdaFunctionStarted`);
      lines.push(`${id + 2}<${id + 1} +${id + 1} LambdaFunctionFailed`);
    }
    const timeline = draw([...lines, '25000<0 +25000 ExecutionAborted']);
    expectContiguous(timeline);
    expect(timeline.milliseconds).toBe(25_000);
    expect(timeline.totals).toMatchObject([{ kind: 'waiting' }, { kind: 'step' }, { kind: 'transition' }]);
  });
});
