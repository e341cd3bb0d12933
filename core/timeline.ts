import { criticalPath, ends, type Link, type PastEvent, type Visit } from './critical-path.ts';
import { type Timing, timingInFailure, timingInResult } from './timing.ts';

/**
 * What the time of a segment went into:
 * - `aws`: calls to AWS of a step
 * - `proof`: the question to STS who has started the execution, as far as no other call was in flight
 * - `waiting`: a step that waits for EC2, the delay before a retry, a Wait state
 * - `lambda-cold`: a new sandbox for a Lambda: its start, and loading the code
 * - `lambda-warm`: the rest of an invocation
 * - `step`: a step that does not tell how its time was spent: it is in progress, was killed, or is of an older version
 * - `transition`: from one state to the next
 * - `cli`: this machine, before the execution and after it
 */
export const kinds = ['aws', 'proof', 'waiting', 'lambda-cold', 'lambda-warm', 'step', 'transition', 'cli'] as const;
export type Kind = (typeof kinds)[number];

/** A part of an operation in which one thing determined when it would end. */
export interface Segment {
  /** Null before the first state, and on this machine. */
  readonly state: string | null;
  /** The state's Comment. Null where it has none that is shown. */
  readonly label: string | null;
  /** Milliseconds since the execution started; below 0 on this machine before that. */
  readonly from: number;
  readonly to: number;
  readonly kind: Kind;
}

/** Where the time of an operation went. */
export interface Timeline {
  /** False as long as the execution runs. Then it ends with the last event so far. */
  readonly ended: boolean;
  /** All segments together. */
  readonly milliseconds: number;
  /** In their order, without gaps. */
  readonly segments: readonly Segment[];
  /** The kinds that there are, in the order of `kinds`. */
  readonly totals: readonly { readonly kind: Kind; readonly milliseconds: number }[];
}

/** How long a command was busy with an operation besides the execution, by the clock of its machine. */
export interface CliTime {
  /** From its start until Step Functions had accepted the execution. */
  readonly beforeMilliseconds: number;
  /** From then until it knew the end of the execution. Undefined if it did not wait. */
  readonly followedMilliseconds?: number | undefined;
  /** From then until it was done. */
  readonly afterMilliseconds?: number | undefined;
}

/**
 * Says where the time of an execution went: the chain of states that determined its end, in a Parallel that of the branch that ended last.
 * Where within an invocation which kind of time was spent is not known. Its segments have the right lengths, in a fixed order.
 *
 * @param events the whole history, oldest first
 * @param labels the Comments of its states
 * @param cli what is known of the command that started it
 */
export function timelineOf(events: readonly PastEvent[], labels: ReadonlyMap<string, string>, cli?: CliTime): Timeline {
  const parts = partsOf(criticalPath(events));
  const execution = merged(parts, labels).map(({ visit, from, to, kind }): Segment => {
    const state = visit?.name ?? null;
    return { state, label: (state !== null && labels.get(state)) || null, from, to, kind };
  });
  const segments = withCli(execution, cli);
  const length = ({ from, to }: Segment) => to - from;
  const sum = (of: readonly Segment[]) => of.reduce((total, segment) => total + length(segment), 0);
  const totals = kinds.flatMap((kind) => {
    const ofKind = segments.filter((segment) => segment.kind === kind);
    return ofKind.length > 0 ? [{ kind, milliseconds: sum(ofKind) }] : [];
  });
  return { ended: ends.includes(events.at(-1)?.type ?? ''), milliseconds: sum(segments), segments, totals };
}

interface Part {
  readonly visit: Visit | undefined;
  readonly from: number;
  readonly to: number;
  readonly kind: Kind;
}

/** What lies between the events of the path, one after another. */
function partsOf(path: readonly Link[]): Part[] {
  const times = timesOf(path);
  const timeAt = (index: number) => times[index] ?? 0;
  const parts: Part[] = [];
  for (let index = 0; index < path.length - 1; ) {
    const link = path[index] as Link;
    const end = endOfInvocation(path, index);
    const next = end ?? index + 1;
    const [from, to] = [timeAt(index), timeAt(next)];
    if (end === undefined) parts.push({ visit: link.visit, from, to, kind: kindBetween(link, path[next] as Link) });
    else parts.push(...invocationParts(link.visit, from, to, timingOf(path[end]?.event)));
    index = next;
  }
  return parts;
}

/** The times of the events in milliseconds since the first one. None is before the one before it, or after the last one. */
function timesOf(path: readonly Link[]): number[] {
  const at = ({ event }: Link) => event.timestamp?.getTime() ?? 0;
  const [first, last] = [path[0], path.at(-1)];
  const all = first && last ? Math.max(0, at(last) - at(first)) : 0;
  let latest = 0;
  return path.map((link) => {
    latest = Math.min(all, Math.max(latest, at(link) - (first ? at(first) : 0)));
    return latest;
  });
}

/** Where the invocation of a Lambda ends that is scheduled at an index of the path; undefined where none is, or it has not ended. */
function endOfInvocation(path: readonly Link[], index: number): number | undefined {
  const typeAt = (at: number) => path[at]?.event.type ?? '';
  if (typeAt(index) !== 'LambdaFunctionScheduled') return undefined;
  const end = typeAt(index + 1) === 'LambdaFunctionStarted' ? index + 2 : index + 1;
  return /^LambdaFunction(Succeeded|Failed|TimedOut|StartFailed)$/.test(typeAt(end)) ? end : undefined;
}

function timingOf(event: PastEvent | undefined): Timing | undefined {
  return (
    timingInResult(event?.lambdaFunctionSucceededEventDetails?.output) ?? timingInFailure(event?.lambdaFunctionFailedEventDetails?.cause)
  );
}

/** Splits the time of an invocation. Its sandbox has another clock, so only lengths are taken from there, and never more than there is. */
function invocationParts(visit: Visit | undefined, from: number, to: number, timing: Timing | undefined): Part[] {
  if (!timing) return [{ visit, from, to, kind: 'step' }];
  let left = to - from;
  const take = (milliseconds: number) => {
    const taken = Math.min(left, Math.max(0, milliseconds));
    left -= taken;
    return taken;
  };
  const { coldMilliseconds, awsMilliseconds, proofMilliseconds = 0, waitedMilliseconds, totalMilliseconds } = timing;
  const aws = take(awsMilliseconds);
  const proof = take(proofMilliseconds);
  const waiting = take(waitedMilliseconds);
  // What the handler does not know of: Lambda makes the sandbox before it starts the process.
  const cold = coldMilliseconds === undefined ? 0 : take(to - from - totalMilliseconds);
  let at = from;
  const next = (kind: Kind, length: number): Part => {
    at += length;
    return { visit, from: at - length, to: at, kind };
  };
  const parts = [next('lambda-cold', cold), next('lambda-warm', left), next('proof', proof), next('aws', aws), next('waiting', waiting)];
  return parts.filter((part) => part.to > part.from || part.kind === 'lambda-warm');
}

function kindBetween({ event }: Link, { event: next }: Link): Kind {
  const [type = '', nextType = ''] = [event.type, next.type];
  // An execution that was cut off, or still runs, ends with an event of another state.
  const isCutOff = /^Execution(Aborted|TimedOut)$/.test(nextType) || (next.previousEventId !== event.id && !ends.includes(nextType));
  if (isFailure(type)) return isCutOff || isAttempt(nextType) ? 'waiting' : 'transition';
  if (type === 'WaitStateEntered') return 'waiting';
  return isUnderWay(type) ? 'step' : 'transition';
}

const isFailure = (type: string) => /^(LambdaFunction|Task|Activity)(Failed|TimedOut|ScheduleFailed|StartFailed|SubmitFailed)$/.test(type);
const isUnderWay = (type: string) => /^(LambdaFunction|Task|Activity)(Scheduled|Started|Submitted)$|^MapRunStarted$/.test(type);
/** Whether an event begins another attempt, if it follows a failure. */
const isAttempt = (type: string) => /^((LambdaFunction|Task|Activity)Scheduled|(Parallel|Map)StateStarted)$/.test(type);

/** Adjacent parts of one state and kind as one. One without length stays if its state is shown and has no other. */
function merged(parts: readonly Part[], labels: ReadonlyMap<string, string>): Part[] {
  const seen = new Set(parts.flatMap(({ visit, from, to }) => (to > from ? [visit] : [])));
  const result: Part[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (part.to > part.from && last && last.visit === part.visit && last.kind === part.kind) {
      result[result.length - 1] = { ...last, to: part.to };
    } else if (part.to > part.from || (part.visit && labels.has(part.visit.name) && !seen.has(part.visit))) {
      seen.add(part.visit);
      result.push(part);
    }
  }
  return result;
}

/** Adds what the command's machine did before and after: lengths alone, because its clock is another one. */
function withCli(execution: readonly Segment[], cli: CliTime | undefined): Segment[] {
  if (!cli) return [...execution];
  const end = execution.at(-1)?.to ?? 0;
  const { beforeMilliseconds, followedMilliseconds = 0, afterMilliseconds = 0 } = cli;
  // It learns the end a little later than the end is.
  const after = Math.max(0, followedMilliseconds - end) + afterMilliseconds;
  const onMachine = { state: null, label: null, kind: 'cli' } as const;
  return [
    ...(beforeMilliseconds > 0 ? [{ ...onMachine, from: -beforeMilliseconds, to: 0 }] : []),
    ...execution,
    ...(after > 0 ? [{ ...onMachine, from: end, to: end + after }] : []),
  ];
}
