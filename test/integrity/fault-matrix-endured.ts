import { type HistoryEvent, paginateGetExecutionHistory } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { type Case, reading } from './fault-matrix-cases.ts';
import { asExpected, type Call, callsOf, type Point, run } from './fault-matrix-life.ts';
import { noAnswer } from './fault-matrix-rows.ts';
import type { Sweep } from './fault-matrix-sweep.ts';

/** The cases that an execution gets over: faults of many functions at once, as one after the other meets its own. */
export const endured: Sweep = {
  of: 'what executions get over',
  select: ({ outcome }) => outcome.ends === 'SUCCEEDED',
  group: inTurns,
  async meet(aws, stage, cases) {
    await aws.delete('calls');
    for (const one of cases) await aws.post('faults', faultOf(one));
    const ended = await run(aws, stage);
    const { faults } = (await aws.get('faults')) as { faults: { function?: string; action: string }[] };
    await aws.delete('faults');
    const failures = await failuresOf(aws, ended.executionArn);
    if (!asExpected(stage, ended)) {
      const last = failures.at(-1);
      const culprits = cases.filter(({ point }) => point.function === last?.functionName);
      const problem = `${ended.status} ${ended.error}: ${ended.cause}`;
      if (culprits.length === 0) throw new Error(problem);
      return { problem: `${namesOf(culprits)}: ${problem}`, unmet: cases.filter((one) => !culprits.includes(one)) };
    }
    const calls = await callsOf(aws);
    const idle = cases.filter(({ point }) => faults.some((fault) => fault.function === point.function && fault.action === point.action));
    const met = cases.filter((one) => !idle.includes(one));
    const problems = [
      ...(idle.length === cases.length ? idle.map(({ name }) => `${name}: no call met it`) : []),
      ...met.flatMap((one) => callProblems(one, met, calls)),
      ...failureProblems(met, failures),
    ];
    // What another case has made needless is met in another life.
    const unmet = idle.length < cases.length ? idle : [];
    return { unmet, ...(problems.length > 0 && { problem: problems.join('\n') }) };
  },
};

const namesOf = (cases: readonly Case[]) => cases.map(({ name }) => name).join(' + ');

/** The fault that makes a case, as `/_local/faults` takes it. */
export function faultOf({ point, code, row, times }: Case): object {
  const { service, action, function: name, skip } = point;
  const call = { service, action, function: name, skip, count: times };
  if (code === noAnswer) return { ...call, kind: 'lost-answer' };
  const { status = 400, message = 'This is what AWS says.', effect = false } = row;
  return { ...call, kind: 'error', code, status, message, effect };
}

/** One case of each function at a time; of what any call may be answered, one of each of its actions. */
function inTurns(cases: readonly Case[]): Case[][] {
  const groups: Case[][] = [];
  for (const ofStep of grouped(cases, ({ point }) => point.step)) {
    const alone = ofStep.filter((one) => one.alone).map((one) => [one]);
    const columns = grouped(
      ofStep.filter((one) => !one.alone),
      ({ point }) => (isAtOnce(point) ? point.service : point.action),
    ).map((ofAction, index) => rotated(grouped(ofAction, turnOf), index));
    const longest = Math.max(0, ...columns.map(({ length }) => length));
    const together = Array.from({ length: longest }, (_, turn) => columns.flatMap((column) => column[turn] ?? []));
    [...alone, ...together].forEach((turn, index) => {
      groups[index] = [...(groups[index] ?? []), ...turn];
    });
  }
  return groups;
}

/** Whether its step makes it at once with other calls: of two that are refused then, it can tell of one. */
const isAtOnce = ({ step, action }: Point) =>
  deletesAtOnce.includes(step) || (readsAtOnce.includes(step) && (reading.test(action) || /^(Delete|Terminate)/.test(action)));
const readsAtOnce = [
  'createSubnet',
  'createRouteTable',
  'changeSubnet',
  'changeZone',
  'beginOperation',
  'planStart',
  'terminateInstance',
  'createVpc',
  'recordNetwork',
  'deleteRouteTable',
  'deleteInternetGateway',
];
const deletesAtOnce = ['deleteNetworkInterface', 'deleteSecurityGroup'];

/** Where the SDK repeats a call, the same may come to each time that it is made. */
const turnOf = (one: Case) => `${one.point.action} ${one.row.codes} ${one.times} ${repeatedBySdk(one) ? 'each' : one.point.skip}`;
const repeatedBySdk = ({ point, times, outcome }: Case) =>
  point.service !== 'ec2' && times === 1 && outcome.ends === 'SUCCEEDED' && outcome.after === undefined;

function grouped(cases: readonly Case[], by: (one: Case) => string): Case[][] {
  const groups = new Map<string, Case[]>();
  for (const one of cases) groups.set(by(one), [...(groups.get(by(one)) ?? []), one]);
  return [...groups.values()];
}

const rotated = <Item>(items: readonly Item[], by: number) => items.map((_, index) => items[(index + by) % items.length] as Item);

function callProblems(one: Case, cases: readonly Case[], calls: readonly Call[]): string[] {
  const { name, point, code, outcome } = one;
  const same = calls.filter(({ action, functionName }) => action === point.action && functionName === point.function);
  const outcomeOf = ({ code, point: other }: Case) => `${other.function} ${other.action} ${code}`;
  const expected = cases.filter((other) => outcomeOf(other) === outcomeOf(one)).reduce((sum, other) => sum + other.times, 0);
  const answered = code === noAnswer ? 'lost-answer' : code;
  const answers = same.filter((call) => call.outcome === answered);
  const problems = answers.length === expected ? [] : [`${name}: answered so ${answers.length} times, not ${expected}`];
  if (outcome.ends !== 'SUCCEEDED' || outcome.again === undefined) return problems;
  const last = same.findLastIndex((call) => call.outcome === answered);
  const again = same.length > last + 1;
  if (again === outcome.again) return problems;
  return [...problems, `${name}: the call was ${again ? 'made again' : 'not made again'}`];
}

/** The errors that a step may throw without any fault, because it waits. */
const waiting: Readonly<Record<string, readonly string[]>> = {
  beginOperation: ['RecodeNotInstalled', 'OperationSettling'],
  checkInstanceRunning: ['InstanceNotRunning', 'NoPublicAddress'],
  checkInstanceStopped: ['InstanceStillStopping'],
  checkInstanceTerminated: ['InstanceStillTerminating'],
  checkSsh: ['SshNotReady'],
  deleteTable: ['TableStillDeleting'],
};

/** Whether the steps failed with what was expected, and with nothing else. */
function failureProblems(cases: readonly Case[], failures: readonly Failure[]): string[] {
  return grouped(cases, ({ point }) => point.function).flatMap((ofFunction) => {
    const [{ point } = {}] = ofFunction;
    const natural = waiting[point?.step ?? ''] ?? [];
    const thrown = failures.filter(({ functionName }) => functionName === point?.function).map(({ error }) => error);
    const expected = ofFunction.flatMap(({ outcome }) => (outcome.ends === 'SUCCEEDED' && outcome.after ? [outcome.after] : []));
    const meanwhile = ofFunction.flatMap(({ outcome }) => (outcome.ends === 'SUCCEEDED' && outcome.meanwhile ? [outcome.meanwhile] : []));
    const missing = expected.filter((error) => !thrown.includes(error));
    // What the SDK repeats without success fails the step once in a while, when it has used up its tokens.
    const tolerated = point?.service === 'ec2' ? [] : ['RequestThrottled', 'AwsUnavailable'];
    const surplus = thrown.filter((error) => ![...natural, ...expected, ...meanwhile, ...tolerated].includes(error));
    return [
      ...missing.map((error) => `${namesOf(ofFunction)}: ${point?.step} never failed with ${error}`),
      ...new Set(surplus.map((error) => `${namesOf(ofFunction)}: ${point?.step} failed with ${error}`)),
    ];
  });
}

interface Failure {
  readonly functionName: string;
  readonly error: string;
}

/** The errors of the functions that an execution called, in the order in which they threw them. */
export async function failuresOf({ clients: { sfn } }: TestAws, executionArn: string): Promise<Failure[]> {
  const events = new Map<number, HistoryEvent>();
  for await (const page of paginateGetExecutionHistory({ client: sfn }, { executionArn, maxResults: 1000, includeExecutionData: false }))
    for (const event of page.events ?? []) events.set(event.id ?? 0, event);
  return [...events.values()].flatMap((event) => {
    const { lambdaFunctionFailedEventDetails: failed } = event;
    if (!failed) return [];
    let scheduled: HistoryEvent | undefined = event;
    while (scheduled && !scheduled.lambdaFunctionScheduledEventDetails) scheduled = events.get(scheduled.previousEventId ?? 0);
    const functionName = scheduled?.lambdaFunctionScheduledEventDetails?.resource?.split(':').at(-1) ?? '';
    return [{ functionName, error: failed.error ?? '' }];
  });
}
