/**
 * An event of GetExecutionHistory, as far as it is read here; the SDK's type fits.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
 */
export interface PastEvent {
  readonly id?: number | undefined;
  /** 0 for none: so has the first state's, too. */
  readonly previousEventId?: number | undefined;
  readonly type?: string | undefined;
  readonly timestamp?: Date | undefined;
  readonly stateEnteredEventDetails?: { readonly name?: string | undefined } | undefined;
  readonly stateExitedEventDetails?: { readonly name?: string | undefined } | undefined;
  readonly lambdaFunctionSucceededEventDetails?: { readonly output?: string | undefined } | undefined;
  readonly lambdaFunctionFailedEventDetails?: { readonly cause?: string | undefined } | undefined;
}

/** A state from the event by which an execution enters it. */
export interface Visit {
  readonly name: string;
  /** The event's type, such as `TaskStateEntered`. */
  readonly entered: string;
  /** The Parallel or Map that it is in. */
  readonly around: Visit | undefined;
}

/** An event of the critical path, with its state. */
export interface Link {
  readonly event: PastEvent;
  readonly visit: Visit | undefined;
}

/** The types of the events with which an execution ends. */
export const ends: readonly string[] = ['ExecutionSucceeded', 'ExecutionFailed', 'ExecutionAborted', 'ExecutionTimedOut'];

/**
 * The events that determined when an execution ended, from its first event to its last: of a Parallel or a Map those of what ended last in
 * it, or of what failed. Of an execution that was cut off, or still runs, those that lead to the state that it has been in for longest.
 *
 * @param events of an execution, oldest first
 */
export function criticalPath(events: readonly PastEvent[]): Link[] {
  const history = read(events);
  const last = events.at(-1);
  if (!last) return [];
  const path: PastEvent[] = [last];
  for (let event = earlier(last, history); event; event = earlier(event, history)) path.push(event);
  return path.reverse().map((event) => ({ event, visit: history.visits.get(event) }));
}

interface History {
  readonly events: readonly PastEvent[];
  readonly byId: ReadonlyMap<number, PastEvent>;
  readonly visits: ReadonlyMap<PastEvent, Visit | undefined>;
  /** The last event within a Parallel or a Map. */
  readonly lastWithin: ReadonlyMap<Visit, PastEvent>;
}

function read(events: readonly PastEvent[]): History {
  const byId = new Map<number, PastEvent>();
  const visits = new Map<PastEvent, Visit | undefined>();
  const lastWithin = new Map<Visit, PastEvent>();
  for (const event of events) {
    const previous = byId.get(event.previousEventId ?? 0);
    const visit = visitOf(event, previous, previous && visits.get(previous));
    byId.set(event.id ?? 0, event);
    visits.set(event, visit);
    if (isAside(event)) continue;
    const within = isIteration(event) ? visit : visit?.around;
    for (let around = within; around; around = around.around) lastWithin.set(around, event);
  }
  return { events, byId, visits, lastWithin };
}

function visitOf(event: PastEvent, previous: PastEvent | undefined, before: Visit | undefined): Visit | undefined {
  const { type = '', stateEnteredEventDetails: entered, stateExitedEventDetails: exited } = event;
  if (ends.includes(type)) return undefined;
  if (entered) return { name: entered.name ?? '', entered: type, around: previous && opens(previous) ? before : before?.around };
  if (exited) return nearest(before, ({ name }) => name === exited.name);
  const [, container] = /^(Parallel|Map)(State|Iteration)/.exec(type) ?? [];
  if (container === undefined) return before;
  const isOne = (visit: Visit) => visit.entered === `${container}StateEntered`;
  // It is about the Parallel or Map itself if it follows its beginning, and otherwise about the one around the state before it.
  const itself = before && isOne(before) && previous && (opens(previous) || previous.stateEnteredEventDetails !== undefined);
  return itself ? before : (nearest(before?.around, isOne) ?? nearest(before, isOne));
}

function nearest(visit: Visit | undefined, fits: (visit: Visit) => boolean): Visit | undefined {
  let found = visit;
  while (found && !fits(found)) found = found.around;
  return found;
}

/** Whether what follows an event is within its state. */
const opens = ({ type = '' }: PastEvent) => /^(ParallelStateStarted|MapStateStarted|MapIterationStarted)$/.test(type);

const isIteration = ({ type = '' }: PastEvent) => type.startsWith('MapIteration');

/** Whether an event only says what follows from others, and when a state was left that another one cut off. */
const isAside = ({ type = '' }: PastEvent) => /^(Parallel|Map)StateSucceeded$|Aborted$/.test(type);

/** The event that an event had to wait for. */
function earlier(event: PastEvent, history: History): PastEvent | undefined {
  const { type = '', id = 0, previousEventId = 0 } = event;
  if (event === history.events[0]) return undefined;
  const given = history.byId.get(previousEventId);
  const previous = given && (given.id ?? 0) < id ? given : undefined;
  const isCutOff = /^Execution(Aborted|TimedOut)$/.test(type);
  if (isCutOff || (event === history.events.at(-1) && !ends.includes(type))) {
    const open = longestOpen(history);
    if (open && open !== event) return open;
  }
  if (/^(Parallel|Map)StateExited$/.test(type) && !previous?.type?.endsWith('StateFailed')) {
    const visit = history.visits.get(event);
    const within = visit && history.lastWithin.get(visit);
    if (within && (within.id ?? 0) < id) return within;
  }
  return previous ?? justBefore(event, history);
}

/** For an event that names none: the first state's, and those of a kind that is not known here. */
function justBefore(event: PastEvent, { events, byId }: History): PastEvent | undefined {
  return byId.get((event.id ?? 0) - 1) ?? events[0];
}

/** The last event of the state that an execution has entered first of those that it has not left. */
function longestOpen({ events, visits, lastWithin }: History): PastEvent | undefined {
  const open = new Set<Visit>();
  const lastOf = new Map<Visit, PastEvent>();
  for (const event of events) {
    const visit = visits.get(event);
    if (!visit) continue;
    if (event.stateEnteredEventDetails) open.add(visit);
    if (!isAside(event)) lastOf.set(visit, event);
    if (!event.stateExitedEventDetails) continue;
    open.delete(visit);
    if (/^(Parallel|Map)/.test(event.type ?? ''))
      for (const other of open) if (nearest(other, (each) => each === visit)) open.delete(other);
  }
  const around = new Set([...open].map((visit) => visit.around));
  const [first] = [...open].filter((visit) => !around.has(visit));
  return first && (lastWithin.get(first) ?? lastOf.get(first));
}
