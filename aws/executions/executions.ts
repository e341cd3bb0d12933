import { randomUUID } from 'node:crypto';
import {
  type ExecutionStatus,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import * as v from 'valibot';
import { ends } from '../../core/critical-path.ts';
import { Launch } from '../../core/document.ts';
import { type ErrorName, RecodeError } from '../../core/errors.ts';
import { executionArn } from '../../core/executions.ts';
import { failureOf, unless } from '../errors.ts';
import { orNotDeployed, type Sentences, sentencesOf } from './definition.ts';
import { tasksUnderWay } from './tasks-under-way.ts';

/** What happens in an execution, for a command that follows it. */
export type ExecutionEvent =
  | { readonly type: 'state-entered'; readonly state: string; readonly sentence: string; readonly at: Date }
  /** An attempt of the state failed; the state machine may try again. */
  | { readonly type: 'attempt-failed'; readonly state: string; readonly error: RecodeError; readonly at: Date }
  | {
      readonly type: 'state-exited';
      readonly state: string;
      readonly sentence: string;
      /** The state document that it has left, as JSON. */
      readonly document?: string;
      readonly at: Date;
    }
  | ExecutionEnd;

/** How an execution has ended. */
export type ExecutionEnd =
  | { readonly type: 'succeeded'; readonly output: unknown; readonly at: Date }
  | { readonly type: 'failed'; readonly error: RecodeError; readonly at: Date };

/**
 * Starts an execution.
 *
 * @param makeInput makes its input, given its ARN
 * @param announce learns its ARN before it is asked for: from then on it may run, whether an answer arrives or not
 * @returns its ARN
 * @throws RecodeError ControlPlaneNotDeployed when the state machine does not exist here
 */
export async function startExecution(
  sfn: SFNClient,
  stateMachineArn: string,
  makeInput: (executionArn: string) => Promise<unknown>,
  announce: (executionArn: string) => void = () => {},
): Promise<string> {
  const name = randomUUID();
  const arn = executionArn(stateMachineArn, name);
  const input = JSON.stringify(await makeInput(arn));
  const command = new StartExecutionCommand({ stateMachineArn, name, input });
  // Where the SDK repeats a request whose execution has closed already, its name, which is nobody else's, is refused.
  announce(arn);
  await orNotDeployed(stateMachineArn, unless('execution-exists', sfn.send(command)));
  return arn;
}

/** All events of an execution so far, oldest first, and the sentences of its states. */
export interface ExecutionHistory {
  readonly events: readonly HistoryEvent[];
  readonly sentences: Sentences;
}

/** The history of an execution; undefined if Step Functions does not know it. */
export async function executionHistory(sfn: SFNClient, executionArn: string): Promise<ExecutionHistory | undefined> {
  const known = await unless('no-execution', Promise.all([sentencesOf(sfn, executionArn), eventsOf(sfn, executionArn)]));
  if (!known) return undefined;
  const [sentences, events] = known;
  return { events, sentences };
}

/** What has happened in an execution, by its history, oldest first. */
export function eventsIn({ events, sentences }: ExecutionHistory): ExecutionEvent[] {
  const stateOfEvent = new Map<number, string>();
  return events.flatMap((event) => tell(event, stateOf(event, stateOfEvent), sentences) ?? []);
}

/** The instance that a start has launched; undefined if it has not, or Step Functions does not know it. */
export async function launchedInstance(sfn: SFNClient, executionArn: string): Promise<string | undefined> {
  const events = (await unless('no-execution', eventsOf(sfn, executionArn))) ?? [];
  const launched = events.find(({ stateExitedEventDetails: exited }) => exited?.name === 'LaunchInstance')?.stateExitedEventDetails;
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), v.object({ launch: Launch })), launched?.output);
  return parsed.success ? parsed.output.launch.instanceId : undefined;
}

/** The state that an event is of, which is noted for the events after it. */
export function stateOf(
  { id = 0, previousEventId = 0, stateEnteredEventDetails }: HistoryEvent,
  noted: Map<number, string>,
): string | undefined {
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
  const known = await unless('no-execution', Promise.all([sentencesOf(sfn, executionArn), eventsOf(sfn, executionArn)]));
  if (!known) return { running: true, sentences: [] };
  const [sentences, events] = known;
  const running = !events.some(isEnd);
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

/** A read of a history. */
export interface Read {
  /** The new events, oldest first. */
  readonly events: HistoryEvent[];
  /** Whether AWS has answered only after it was asked again. */
  readonly waited: boolean;
}

/** Reads the events that came after the one with the given id, from the newest back, so that a read costs the same at any length. */
export async function readHistory(sfn: SFNClient, executionArn: string, seen: number, maxResults = 100): Promise<Read> {
  const fresh: HistoryEvent[] = [];
  let waited = false;
  let nextToken: string | undefined;
  do {
    const page = await sfn.send(new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults, nextToken }));
    waited ||= (page.$metadata.attempts ?? 1) > 1;
    const events = (page.events ?? []).filter(({ id = 0 }) => id > seen);
    fresh.push(...events);
    nextToken = events.length === page.events?.length ? page.nextToken : undefined;
  } while (nextToken !== undefined);
  return { events: fresh.reverse(), waited };
}

/** The whole history of an execution, in pages of the most events that AWS answers at once. */
const eventsOf = async (sfn: SFNClient, executionArn: string) => (await readHistory(sfn, executionArn, 0, 1_000)).events;

/** Whether an event is the last one of an execution. */
export const isEnd = ({ type }: HistoryEvent): boolean => ends.includes(type ?? '');

/** What an event of a history says; undefined if there is nothing to tell. */
export function tell(event: HistoryEvent, state: string | undefined, sentences: Sentences): ExecutionEvent | undefined {
  const at = event.timestamp ?? new Date(0);
  if (event.stateEnteredEventDetails) {
    const sentence = sentences.get(event.stateEnteredEventDetails.name ?? '');
    return state === undefined || sentence === undefined ? undefined : { type: 'state-entered', state, sentence, at };
  }
  if (event.stateExitedEventDetails) {
    const { name = '', output: document } = event.stateExitedEventDetails;
    const sentence = sentences.get(name);
    if (sentence === undefined) return undefined;
    return { type: 'state-exited', state: name, sentence, ...(document !== undefined && { document }), at };
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
      return endOf('SUCCEEDED', event.executionSucceededEventDetails ?? {}, at);
    case 'ExecutionFailed':
      return endOf('FAILED', event.executionFailedEventDetails ?? {}, at);
    case 'ExecutionAborted':
      return endOf('ABORTED', event.executionAbortedEventDetails ?? {}, at);
    case 'ExecutionTimedOut':
      return endOf('TIMED_OUT', {}, at);
    default:
      return undefined;
  }
}

/** How an execution of this status has ended. Step Functions tells the same in its history and of the execution itself. */
export function endOf(
  status: Exclude<ExecutionStatus, 'RUNNING' | 'PENDING_REDRIVE'>,
  {
    output,
    error,
    cause,
  }: { readonly output?: string | undefined; readonly error?: string | undefined; readonly cause?: string | undefined },
  at: Date,
): ExecutionEnd {
  switch (status) {
    case 'SUCCEEDED':
      return { type: 'succeeded', output: JSON.parse(output ?? 'null'), at };
    case 'FAILED':
      return { type: 'failed', error: failureOf(error ?? 'Unexpected', cause ?? ''), at };
    case 'ABORTED':
      if (error === ('OperationCancelled' satisfies ErrorName)) {
        return { type: 'failed', error: new RecodeError('OperationCancelled', cause ?? ''), at };
      }
      return { type: 'failed', error: new RecodeError('ExecutionAborted', cause ?? 'Someone stopped the execution.'), at };
    case 'TIMED_OUT':
      return { type: 'failed', error: new RecodeError('ExecutionTimedOut', 'The execution exceeded its time limit.'), at };
  }
}
