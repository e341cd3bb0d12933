import { appendFileSync, readFileSync, truncateSync } from 'node:fs';
import * as v from 'valibot';
import type { Clock } from '../clock.ts';
import { replaceFile, StateDamaged } from '../store.ts';

/** What is known about an execution when it starts. */
export type ExecutionHeader = v.InferOutput<typeof Header>;

/** An event as in GetExecutionHistory, but with a timestamp in milliseconds since the epoch. */
export type HistoryEvent = v.InferOutput<typeof Event>;

/** The events of one execution in a file, one line per event. Each is written before the execution continues. */
export interface History {
  /** Appends an event at the time of the clock and returns it. `details` get AWS's member name for this type. */
  append(type: string, previousEventId: number, details?: object): HistoryEvent;
  /** All events so far. Throws `StateDamaged`. */
  read(): HistoryEvent[];
}

/** Begins the history of an execution with `ExecutionStarted`. The folder of the file must exist. */
export function createHistory(file: string, header: ExecutionHeader, clock: Clock): History {
  const { input, roleArn, startDate } = header;
  const details = { input, inputDetails: { truncated: false }, roleArn };
  const started = eventOf('ExecutionStarted', { id: 1, previousEventId: 0, timestamp: startDate }, details);
  replaceFile(file, `${JSON.stringify(header)}\n${JSON.stringify(started)}\n`);
  return historyIn(file, clock, 1);
}

/**
 * Opens the history of an earlier process, and passes on its last event. All of them, of all executions, would take much memory. It drops an incomplete last line, which a kill leaves and nobody has seen.
 * Throws `StateDamaged` for any other damage.
 */
export function openHistory(file: string, clock: Clock): { header: ExecutionHeader; last: HistoryEvent | undefined; history: History } {
  const { header, events, torn, length } = readFile(file);
  if (torn) truncateSync(file, length);
  return { header, last: events.at(-1), history: historyIn(file, clock, events.length) };
}

/** The events of one branch of an execution. Each event follows the event before it in the same branch. */
export interface Trail {
  /** The ID of the event that the next one follows; 0 at the beginning. */
  readonly previous: number;
  /** The ID of its last event, whether the next one follows it or not. */
  readonly last: number;
  /** Appends an event. Throws if the signal is aborted, so that a branch that was cut off records nothing. */
  add(type: string, details?: object): number;
  /** Appends an event that the next one does not follow, like `…Succeeded` and `…Aborted` on AWS. */
  addAside(type: string, details?: object): void;
  /** A branch that begins after the last event of this one. */
  fork(signal: AbortSignal): Trail;
  /** Continues after the latest event of those branches. */
  join(trails: readonly Trail[]): void;
}

export function createTrail(history: History, signal: AbortSignal, begin = 0): Trail {
  let previous = begin;
  let last = begin;
  return {
    get previous() {
      return previous;
    },
    get last() {
      return last;
    },
    add(type, details) {
      signal.throwIfAborted();
      previous = history.append(type, previous, details).id;
      last = previous;
      return previous;
    },
    addAside(type, details) {
      signal.throwIfAborted();
      last = history.append(type, previous, details).id;
    },
    fork: (forkSignal) => createTrail(history, forkSignal, previous),
    join(trails) {
      previous = Math.max(previous, ...trails.map((trail) => trail.last));
      last = Math.max(last, previous);
    },
  };
}

const Header = v.strictObject({
  executionArn: v.string(),
  name: v.string(),
  stateMachineArn: v.string(),
  stateMachineName: v.string(),
  roleArn: v.string(),
  definition: v.string(),
  input: v.string(),
  startDate: v.number(),
});
const Event = v.looseObject({ id: v.number(), previousEventId: v.number(), timestamp: v.number(), type: v.string() });

function historyIn(file: string, clock: Clock, count: number): History {
  let id = count;
  return {
    append(type, previousEventId, details) {
      id += 1;
      const event = eventOf(type, { id, previousEventId, timestamp: clock.now() }, details);
      appendFileSync(file, `${JSON.stringify(event)}\n`);
      return event;
    },
    read: () => readFile(file).events,
  };
}

function eventOf(type: string, event: Omit<HistoryEvent, 'type'>, details: object | undefined): HistoryEvent {
  return { ...event, type, ...(details && { [detailsName(type)]: details }) } as HistoryEvent;
}

/** AWS has one member for all states that are entered or exited, and one for each other type of event. */
function detailsName(type: string): string {
  const name = type.replace(/^\w+(State(Entered|Exited))$/, '$1');
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}EventDetails`;
}

function readFile(file: string): { header: ExecutionHeader; events: HistoryEvent[]; torn: boolean; length: number } {
  const text = readFileSync(file, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  try {
    const [first = '', ...rest] = whole.split('\n').slice(0, -1);
    const header = v.parse(Header, JSON.parse(first));
    const events = rest.map((line) => v.parse(Event, JSON.parse(line)));
    const gap = events.find((event, index) => event.id !== index + 1);
    if (gap) throw new Error(`the event before ${gap.id} is missing`);
    return { header, events, torn: whole.length < text.length, length: Buffer.byteLength(whole) };
  } catch (error) {
    throw new StateDamaged(file, (error as Error).message);
  }
}
