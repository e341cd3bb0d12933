import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeExecutionCommand, type HistoryEvent, type SFNClient } from '@aws-sdk/client-sfn';
import { meaningOf } from '../errors.ts';
import { type Sentences, sentencesOf } from './definition.ts';
import { type ExecutionEnd, type ExecutionEvent, endOf, isEnd, readHistory, stateOf, tell } from './executions.ts';
import { paceOf } from './pace.ts';
import type { RecordWatch } from './record-watch.ts';

/** What helps to follow an execution. */
export interface Help {
  /** The sentences of its states, where they are known already. */
  readonly sentences?: Sentences | undefined;
  /** What knows of its end sooner than its history can be asked for. */
  readonly watch?: RecordWatch | undefined;
  /** The states whose exit someone waits for. */
  readonly awaited?: ReadonlySet<string>;
}

// StartExecution is eventually consistent.
const longestUnknownMilliseconds = 15_000;
// Where AWS refuses a read, the SDK asks again for seconds. At the end, someone waits for the answer.
const patienceAtEndMilliseconds = 300;

/**
 * Follows an execution from its first event to its last, as a stream that ends with `succeeded` or `failed`. Where AWS throttles it, it asks
 * less often.
 */
export async function* followExecution(sfn: SFNClient, executionArn: string, help: Help = {}): AsyncGenerator<ExecutionEvent, void, void> {
  const { watch } = help;
  const deadline = Date.now() + longestUnknownMilliseconds;
  const story = storyOf(help);
  const pace = paceOf({ watched: () => watch?.watching() ?? false, eager: story.isAwaited });
  let over = watch?.over;
  for (;;) {
    const asking = story.sentences ?? ifPossible(sentencesOf(sfn, executionArn), deadline);
    const reading = ifPossible(readHistory(sfn, executionArn, story.seen), deadline);
    const end = watch && (await endBefore(reading, watch.over, sfn, executionArn));
    if (end) return yield end;
    const history = await reading;
    if (typeof history === 'object') story.add(history.events);
    const sentences = await (story.hasEnded() ? Promise.race([asking, sleep(patienceAtEndMilliseconds, undefined)]) : asking);
    if (typeof sentences === 'object') story.sentences = sentences;
    if (sentences === 'throttled' || history === 'throttled' || (history !== 'unknown' && history.waited)) pace.crowded();
    for (const event of story.tell()) {
      yield event;
      if (event.type === 'succeeded' || event.type === 'failed') return;
    }
    if (await endsWithin(over, pace.next())) {
      over = undefined;
      pace.hurry();
    }
  }
}

/** How an execution ends: the last event, once it has. */
export async function executionEnd(sfn: SFNClient, executionArn: string, help?: Help): Promise<ExecutionEnd> {
  for await (const event of followExecution(sfn, executionArn, { sentences: new Map(), ...help }))
    if (event.type === 'succeeded' || event.type === 'failed') return event;
  throw new Error(`The history of execution ${executionArn} has no end.`);
}

/** What is known of an execution so far. */
interface Story {
  /** Undefined until they are known. */
  sentences: Sentences | undefined;
  /** The id of the last event that was read. */
  readonly seen: number;
  /** Whether it is in a state whose exit someone waits for. */
  isAwaited(): boolean;
  /** Whether its end has been read. */
  hasEnded(): boolean;
  add(events: readonly HistoryEvent[]): void;
  /** What has not been told. Without sentences, that is only the end. */
  tell(): Generator<ExecutionEvent>;
}

function storyOf({ sentences, awaited }: Help): Story {
  // A failed attempt's event does not name its state; the chain of previous events leads there.
  const stateOfEvent = new Map<number, string>();
  const at = new Set<string>();
  let untold: HistoryEvent[] = [];
  let seen = 0;
  return {
    sentences,
    get seen() {
      return seen;
    },
    isAwaited: () => at.size > 0,
    hasEnded: () => untold.some(isEnd),
    add(events) {
      untold.push(...events);
      seen = events.at(-1)?.id ?? seen;
    },
    *tell() {
      if (!this.sentences && !this.hasEnded()) return;
      const events = untold;
      untold = [];
      for (const event of events) {
        const told = tell(event, stateOf(event, stateOfEvent), this.sentences ?? new Map());
        if (told?.type === 'state-entered' && awaited?.has(told.state)) at.add(told.state);
        if (told?.type === 'state-exited') at.delete(told.state);
        if (told) yield told;
      }
    },
  };
}

/** Makes a call that AWS may refuse for now: because too many ask, or it does not know the execution yet. */
function ifPossible<Answer extends object>(call: Promise<Answer>, deadline: number): Promise<Answer | 'throttled' | 'unknown'> {
  const answer = call.catch((error: unknown) => {
    const meaning = meaningOf(error);
    if (meaning === 'throttled') return 'throttled';
    if (meaning === 'no-execution' && Date.now() < deadline) return 'unknown';
    throw error;
  });
  // At the end, nobody waits for it any more.
  answer.catch(() => {});
  return answer;
}

/**
 * Asks the execution itself how it has ended, if there are signs of its end and its history is not read at once: AWS counts these calls
 * apart. Undefined if the history is read first.
 */
async function endBefore(
  reading: Promise<unknown>,
  over: Promise<void>,
  sfn: SFNClient,
  executionArn: string,
): Promise<ExecutionEnd | undefined> {
  const read = reading.then(() => true);
  if (await Promise.race([read, over.then(() => false)])) return undefined;
  for (;;) {
    if (await Promise.race([read, sleep(patienceAtEndMilliseconds, false)])) return undefined;
    // Where it does not answer, the history still does.
    const answer = await Promise.race([sfn.send(new DescribeExecutionCommand({ executionArn })).catch(() => read), read]);
    if (typeof answer === 'boolean') return undefined;
    const { status = 'RUNNING', stopDate = new Date(), output, error, cause } = answer;
    if (status !== 'RUNNING' && status !== 'PENDING_REDRIVE') return endOf(status, { output, error, cause }, stopDate);
  }
}

/** Waits, but not longer than to the first sign of the end. Returns whether there was one. */
async function endsWithin(over: Promise<void> | undefined, milliseconds: number): Promise<boolean> {
  const woken = new AbortController();
  const waiting = sleep(milliseconds, false, { signal: woken.signal });
  if (!over) return waiting;
  return Promise.race([waiting, over.then(() => true)]).finally(() => woken.abort());
}
