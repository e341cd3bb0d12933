import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeStateMachineCommand,
  DescribeStateMachineForExecutionCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import * as v from 'valibot';
import { Launch } from '../../core/document.ts';
import { type ErrorName, RecodeError } from '../../core/errors.ts';
import { executionArn } from '../../core/executions.ts';
import { publishedVersion } from '../../core/version.ts';
import { failureOf, meaningOf, unless } from '../errors.ts';
import { tasksUnderWay } from './tasks-under-way.ts';

/** What happens in an execution, for a command that follows it. */
export type ExecutionEvent =
  | { readonly type: 'state-entered'; readonly state: string; readonly sentence: string; readonly at: Date }
  /** An attempt of the state failed; the state machine may try again. */
  | { readonly type: 'attempt-failed'; readonly state: string; readonly error: RecodeError; readonly at: Date }
  | { readonly type: 'state-exited'; readonly state: string; readonly sentence: string; readonly at: Date }
  | { readonly type: 'succeeded'; readonly output: unknown; readonly at: Date }
  | { readonly type: 'failed'; readonly error: RecodeError; readonly at: Date };

// 15 followers at a poll a second use up what an account may ask: start quick, then slow down.
const firstPollMilliseconds = 400;
const longestPollMilliseconds = 3_000;
const pollGrowth = 1.15;
const longestUnknownMilliseconds = 15_000;
const ends = ['ExecutionSucceeded', 'ExecutionFailed', 'ExecutionAborted', 'ExecutionTimedOut'];

/**
 * Starts an execution.
 *
 * @param announce learns its ARN before it is asked for: from then on it may run, whether an answer arrives or not
 * @returns its ARN
 * @throws RecodeError ControlPlaneNotDeployed when the state machine does not exist here
 */
export async function startExecution(
  sfn: SFNClient,
  stateMachineArn: string,
  input: unknown,
  announce: (executionArn: string) => void = () => {},
): Promise<string> {
  const name = randomUUID();
  const arn = executionArn(stateMachineArn, name);
  const command = new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) });
  // Where the SDK repeats a request whose execution has closed already, its name, which is nobody else's, is refused.
  announce(arn);
  await orNotDeployed(stateMachineArn, unless('execution-exists', sfn.send(command)));
  return arn;
}

/**
 * The version of the stack that a state machine is part of; undefined where it publishes none.
 *
 * @throws RecodeError ControlPlaneNotDeployed when the state machine does not exist here
 */
export async function deployedVersion(sfn: SFNClient, stateMachineArn: string): Promise<string | undefined> {
  const { definition = '{}' } = await orNotDeployed(stateMachineArn, sfn.send(new DescribeStateMachineCommand({ stateMachineArn })));
  const { Comment = '' } = JSON.parse(definition) as Machine;
  return publishedVersion(Comment);
}

/** Follows an execution from its first event to its last, as a stream that ends with `succeeded` or `failed`. */
export async function* followExecution(sfn: SFNClient, executionArn: string): AsyncGenerator<ExecutionEvent, void, void> {
  const sentences = await onceKnown(() => stateSentences(sfn, executionArn));
  // A failed attempt's event does not name its state; the chain of previous events leads there.
  const stateOfEvent = new Map<number, string>();
  let seen = 0;
  let poll = firstPollMilliseconds;
  for (;;) {
    for (const event of await eventsAfter(sfn, executionArn, seen)) {
      seen = event.id ?? seen;
      const told = tell(event, stateOf(event, stateOfEvent), sentences);
      if (told) yield told;
      if (told?.type === 'succeeded' || told?.type === 'failed') return;
    }
    await sleep(poll * (0.75 + Math.random() / 2));
    poll = Math.min(longestPollMilliseconds, poll * pollGrowth);
  }
}

/** How an execution ends: the last event, once it has. */
export async function executionEnd(sfn: SFNClient, executionArn: string): Promise<ExecutionEvent & { type: 'succeeded' | 'failed' }> {
  for await (const event of followExecution(sfn, executionArn)) if (event.type === 'succeeded' || event.type === 'failed') return event;
  throw new Error(`The history of execution ${executionArn} has no end.`);
}

/** What has happened in an execution so far, oldest first; undefined if Step Functions does not know it. */
export async function executionEvents(sfn: SFNClient, executionArn: string): Promise<ExecutionEvent[] | undefined> {
  const known = await unless('no-execution', Promise.all([stateSentences(sfn, executionArn), eventsAfter(sfn, executionArn, 0)]));
  if (!known) return undefined;
  const [sentences, events] = known;
  const stateOfEvent = new Map<number, string>();
  return events.flatMap((event) => tell(event, stateOf(event, stateOfEvent), sentences) ?? []);
}

/** The instance that a start has launched; undefined if it has not, or Step Functions does not know it. */
export async function launchedInstance(sfn: SFNClient, executionArn: string): Promise<string | undefined> {
  const events = (await unless('no-execution', eventsAfter(sfn, executionArn, 0))) ?? [];
  const launched = events.find(({ stateExitedEventDetails: exited }) => exited?.name === 'LaunchInstance')?.stateExitedEventDetails;
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), v.object({ launch: Launch })), launched?.output);
  return parsed.success ? parsed.output.launch.instanceId : undefined;
}

/** The state that an event is of, which is noted for the events after it. */
function stateOf({ id = 0, previousEventId = 0, stateEnteredEventDetails }: HistoryEvent, noted: Map<number, string>): string | undefined {
  const state = stateEnteredEventDetails?.name ?? noted.get(previousEventId);
  if (state !== undefined) noted.set(id, state);
  return state;
}

/** What an execution is doing. */
export interface Progress {
  /** False once it has ended, whatever it has left behind. */
  readonly running: boolean;
  /** The sentences of the steps that it is at. */
  readonly sentences: readonly string[];
  /** Of one that Step Functions knows. */
  readonly startedAt?: Date;
  /** Of one that has failed. */
  readonly failure?: { readonly error: RecodeError; readonly at: Date };
}

/** What an execution is doing now, or how it has failed. One that Step Functions does not know (yet) counts as running. */
export async function executionProgress(sfn: SFNClient, executionArn: string): Promise<Progress> {
  const known = await unless('no-execution', Promise.all([stateSentences(sfn, executionArn), eventsAfter(sfn, executionArn, 0)]));
  if (!known) return { running: true, sentences: [] };
  const [sentences, events] = known;
  const running = !events.some(({ type = '' }) => ends.includes(type));
  const at = running ? new Set(tasksUnderWay(events)) : [];
  const startedAt = events[0]?.timestamp;
  const [last] = events.slice(-1).flatMap((event) => tell(event, undefined, sentences) ?? []);
  return {
    running,
    sentences: [...at].flatMap((state) => sentences.get(state) ?? []),
    ...(startedAt && { startedAt }),
    ...(last?.type === 'failed' && { failure: { error: last.error, at: last.at } }),
  };
}

async function orNotDeployed<Answer>(stateMachineArn: string, call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    if (meaningOf(error) !== 'no-execution') throw error;
    throw new RecodeError('ControlPlaneNotDeployed', `There is no state machine ${stateMachineArn}.`, { cause: error });
  }
}

/** Asks about an execution until it is known: StartExecution is eventually consistent. */
async function onceKnown<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  const deadline = Date.now() + longestUnknownMilliseconds;
  for (;;) {
    const answer = await (Date.now() < deadline ? unless('no-execution', ask()) : ask());
    if (answer !== undefined) return answer;
    await sleep(firstPollMilliseconds);
  }
}

/** The events that came after the one with the given id, oldest first; read from the newest back, so that a poll costs the same at any length. */
async function eventsAfter(sfn: SFNClient, executionArn: string, seen: number): Promise<HistoryEvent[]> {
  const fresh: HistoryEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = await sfn.send(new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 100, nextToken }));
    const events = (page.events ?? []).filter(({ id = 0 }) => id > seen);
    fresh.push(...events);
    nextToken = events.length === page.events?.length ? page.nextToken : undefined;
  } while (nextToken !== undefined);
  return fresh.reverse();
}

function tell(event: HistoryEvent, state: string | undefined, sentences: ReadonlyMap<string, string>): ExecutionEvent | undefined {
  const at = event.timestamp ?? new Date(0);
  if (event.stateEnteredEventDetails) {
    const sentence = sentences.get(event.stateEnteredEventDetails.name ?? '');
    return state === undefined || sentence === undefined ? undefined : { type: 'state-entered', state, sentence, at };
  }
  if (event.stateExitedEventDetails) {
    const name = event.stateExitedEventDetails.name ?? '';
    const sentence = sentences.get(name);
    return sentence === undefined ? undefined : { type: 'state-exited', state: name, sentence, at };
  }
  switch (event.type) {
    case 'LambdaFunctionFailed':
    case 'LambdaFunctionTimedOut': {
      const details = event.lambdaFunctionFailedEventDetails ?? event.lambdaFunctionTimedOutEventDetails;
      return state === undefined
        ? undefined
        : { type: 'attempt-failed', state, error: failureOf(details?.error ?? 'States.Timeout', details?.cause ?? ''), at };
    }
    case 'ExecutionSucceeded':
      return { type: 'succeeded', output: JSON.parse(event.executionSucceededEventDetails?.output ?? 'null'), at };
    case 'ExecutionFailed': {
      const details = event.executionFailedEventDetails;
      return { type: 'failed', error: failureOf(details?.error ?? 'Unexpected', details?.cause ?? ''), at };
    }
    case 'ExecutionAborted': {
      const details = event.executionAbortedEventDetails;
      if (details?.error === ('OperationCancelled' satisfies ErrorName)) {
        return { type: 'failed', error: new RecodeError('OperationCancelled', details.cause ?? ''), at };
      }
      return { type: 'failed', error: new RecodeError('ExecutionAborted', details?.cause ?? 'Someone stopped the execution.'), at };
    }
    case 'ExecutionTimedOut':
      return { type: 'failed', error: new RecodeError('ExecutionTimedOut', 'The execution exceeded its time limit.'), at };
    default:
      return undefined;
  }
}

/** What is shown while a state runs: its Comment, in the definition that the execution runs by. States without one are not shown. */
async function stateSentences(sfn: SFNClient, executionArn: string): Promise<Map<string, string>> {
  const { definition = '{}' } = await sfn.send(new DescribeStateMachineForExecutionCommand({ executionArn }));
  const sentences = new Map<string, string>();
  collect(JSON.parse(definition) as Machine, sentences);
  return sentences;
}

interface Machine {
  readonly Comment?: string;
  readonly States?: Readonly<
    Record<string, { readonly Comment?: string; readonly Branches?: readonly Machine[]; readonly ItemProcessor?: Machine }>
  >;
}

function collect(machine: Machine, sentences: Map<string, string>): void {
  for (const [name, state] of Object.entries(machine.States ?? {})) {
    const inside = [...(state.Branches ?? []), ...(state.ItemProcessor ? [state.ItemProcessor] : [])];
    // A state around others says what they are for; each of them speaks for itself.
    if (state.Comment !== undefined && inside.length === 0) sentences.set(name, state.Comment);
    for (const machine of inside) collect(machine, sentences);
  }
}
