import * as v from 'valibot';
import type { Environment } from './environment.ts';
import { RecodeError } from './errors.ts';
import { holderOf } from './lock.ts';

/*
 * The hours that an owner's environments run in a calendar month (UTC), where a team has set a cap on them (hoursPerOwner).
 *
 * One item per owner has the whole account: the runs that go on, each with the time up to which its hours are reserved, and the sum of those
 * that have ended this month. Every change here is a function of the item. It says what is true from a moment on, not how much to add, so
 * it can be repeated: an interval is counted when its run ends, and there is no run to end the second time. The item is written only if
 * it is still what was read. So two starts cannot both reserve the last hour, and two stops cannot lose one. A run beyond the end of a month
 * needs no second item: a month's share of it is computed.
 */

/** A run that goes on. Times are in milliseconds since the epoch. */
const Run = v.object({
  /** When the instance was launched. Until that is known, when the run was reserved. */
  since: v.number(),
  launched: v.boolean(),
  /** Its hours are reserved up to here: its automatic stop. */
  until: v.number(),
});

const Account = v.object({
  repository: v.string(),
  run: v.optional(Run),
  /** When its last run ended. What an attempt that comes late says of the time before is counted already. */
  endedAt: v.optional(v.number()),
});

/** The hours of an owner, as the table has them. */
export const OwnerHours = v.object({
  format: v.literal(2),
  owner: v.string(),
  /** How often it has been written. */
  version: v.number(),
  /** The cap, in hours per month. */
  limit: v.number(),
  /** The month of `used`: `2026-11`. */
  month: v.string(),
  /** How long the runs lasted in this month that have ended, in milliseconds. */
  used: v.number(),
  /** The environments that run, or ran within a day, by uid. */
  environments: v.record(v.string(), Account),
});
export type OwnerHours = v.InferOutput<typeof OwnerHours>;

/** When something happens, in milliseconds since the epoch, and the cap by then, in hours per month. */
export interface Moment {
  readonly now: number;
  readonly limit: number;
}

/** An environment whose hours are counted. */
export type Counted = Pick<Environment, 'uid' | 'owner' | 'repository'>;

/** What is known of a run. Times are in milliseconds since the epoch. */
interface Running {
  readonly launchedAt: number;
  /** When it is to stop; undefined for never. */
  readonly stopAt: number | undefined;
  /** Until when the run before it lasted as far as is known, if nobody has told of its end. */
  readonly ranAt?: number | undefined;
}

/** EC2 tells the time of a launch in whole seconds. */
const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** The most that is reserved for one run: an environment that would never stop stops then. A team's members can choose no more either. */
const longestRun = 7 * day;
/** A start gets no less, unless it asks for less. Automatic stops come every five minutes. */
const shortestRun = 5 * minute;
/** How many environments an item has room for: an account takes up to 300 bytes, an item 400 KB. */
const mostEnvironments = 1000;

/** The hours of an owner whose environments have not been counted. */
export const noHours = (owner: string): OwnerHours => ({ format: 2, owner, version: 0, limit: 0, month: '', used: 0, environments: {} });

/**
 * Reserves the hours of a run that is about to start, up to its stop or as far as they go. Changes nothing for an attempt that comes after the end
 * of the run.
 *
 * @param stopAt the latest time of its stop, in milliseconds since the epoch; undefined for never
 * @throws RecodeError HoursUsedUp when there are none left; OperationSettling while another start may give some back; TooManyEnvironments
 */
export function reserve(hours: OwnerHours, environment: Counted, stopAt: number | undefined, moment: Moment): OwnerHours {
  const current = upTo(hours, moment);
  const { uid, owner, repository } = environment;
  const { now } = moment;
  const account = current.environments[uid];
  if (!account?.run && (account?.endedAt ?? 0) > now) return current;
  if (!account && Object.keys(current.environments).length >= mostEnvironments) {
    throw new RecodeError('TooManyEnvironments', `${owner} has run ${mostEnvironments} environments within a day.`);
  }
  const wanted = stopAt ?? now + longestRun;
  const until = grant(current, uid, wanted, now);
  if (until < Math.min(wanted, now + shortestRun)) {
    const others = othersOf(current, uid, now);
    if (others.some(({ run }) => !run.launched)) {
      throw new RecodeError('OperationSettling', `Another start of ${owner} has reserved hours, and may need fewer.`);
    }
    throw usedUp(current, environment, now);
  }
  const run = account?.run ?? { since: now, launched: false };
  return withAccount(current, uid, { ...account, repository, run: { ...run, until } });
}

/**
 * Counts an environment that runs, from its launch on. Those that run when the cap is set count from then on. What is reserved for it is up to
 * its stop, or as far as the hours go.
 */
export function countRunning(
  hours: OwnerHours,
  { uid, repository }: Pick<Counted, 'uid' | 'repository'>,
  { launchedAt, stopAt, ranAt }: Running,
  moment: Moment,
): OwnerHours {
  const before = hours.environments[uid]?.run;
  const missed = ranAt !== undefined && before && before.since < launchedAt;
  const current = upTo(missed ? countMissedEnd(hours, uid, ranAt, { ...moment, now: launchedAt }) : hours, moment);
  const { now } = moment;
  const { run, ...account } = { ...current.environments[uid], repository };
  const { endedAt = 0 } = account;
  const late = run ? now < run.since : now <= endedAt || launchedAt + second < endedAt;
  if (late) return current;
  const since = run?.launched ? run.since : hours.version === 0 ? now : Math.max(launchedAt, endedAt);
  const until = grant(current, uid, stopAt ?? now + longestRun, now);
  return withAccount(current, uid, { ...account, run: { since, launched: true, until } });
}

/**
 * Counts the run of an environment that runs no more, and gives back what was reserved.
 *
 * @param endedAt when it was found so, in milliseconds since the epoch. A run that began later goes on.
 * @param stoppedAt until when it ran, if that is known better
 * @param launchedAt when its instance was last launched, null if EC2 shows none. Of a start that failed, only EC2 knows. If nobody asked EC2, the
 *   run counts from its reservation.
 */
export function countEnded(
  hours: OwnerHours,
  uid: string,
  {
    endedAt,
    stoppedAt = endedAt,
    launchedAt,
  }: { readonly endedAt: number; readonly stoppedAt?: number; readonly launchedAt?: number | null },
  moment: Moment,
): OwnerHours {
  const current = upTo(hours, moment);
  const existing = current.environments[uid];
  if (!existing?.run || endedAt < existing.run.since) return current;
  const { run, ...account } = existing;
  const launched = run.launched || launchedAt === undefined || (launchedAt !== null && launchedAt + second > run.since);
  const used = current.used + (launched ? lengthOf(run, Math.min(stoppedAt, endedAt), current) : 0);
  return withAccount({ ...current, used }, uid, { ...account, endedAt });
}

/**
 * Counts the end of a run that nobody has told of, for a start that finds the instance stopped. What it has reserved stays reserved.
 *
 * @param stoppedAt until when it ran, in milliseconds since the epoch
 */
export function countMissedEnd(hours: OwnerHours, uid: string, stoppedAt: number, moment: Moment): OwnerHours {
  const current = upTo(hours, moment);
  const account = current.environments[uid];
  if (!account?.run?.launched) return current;
  const { run } = account;
  const endedAt = Math.max(run.since, Math.min(stoppedAt, moment.now));
  const used = current.used + lengthOf(run, endedAt, current);
  return withAccount({ ...current, used }, uid, { ...account, endedAt, run: { ...run, since: moment.now, launched: false } });
}

/** How much of a run up to a time is of the month that is counted. */
const lengthOf = ({ since }: v.InferOutput<typeof Run>, to: number, { month }: OwnerHours) =>
  overlap(since, to, monthOf(Date.parse(month)));

/** When an environment stops (ISO 8601): at its time, or before, if there are no hours for longer. Undefined for never. */
export function stopWithin(hours: OwnerHours, uid: string, stopAt: string | undefined): string | undefined {
  const until = hours.environments[uid]?.run?.until;
  return until === undefined || (stopAt !== undefined && Date.parse(stopAt) <= until) ? stopAt : new Date(until).toISOString();
}

/**
 * Brings the hours of an owner up to date with the records of the environments, where a change was missed or the cap is new. If it has been
 * lowered, the runs that began last are cut. An environment that an operation holds is left to that.
 *
 * @param environments all of the owner's, read after the hours
 * @param held the one that the asking operation holds
 */
export function reconcile(
  hours: OwnerHours,
  environments: readonly Recorded[],
  moment: Moment,
  held?: Pick<Environment, 'uid'>,
): OwnerHours {
  const uids = new Set(environments.map(({ uid }) => uid));
  const gone = Object.keys(hours.environments).filter((uid) => !uids.has(uid));
  const ended = gone.reduce((all, uid) => countEnded(all, uid, { endedAt: moment.now, launchedAt: null }, moment), hours);
  return environments
    .filter((environment) => environment.uid === held?.uid || !holderOf(environment))
    .sort((one, other) => launchOf(other) - launchOf(one))
    .reduce((all, environment) => asRecorded(all, environment, moment), ended);
}

/** What a record tells of the hours of its environment. */
type Recorded = Pick<Environment, 'uid' | 'repository' | 'lock' | 'observed' | 'wanted'>;

function asRecorded(hours: OwnerHours, environment: Recorded, moment: Moment): OwnerHours {
  const { uid, observed, wanted } = environment;
  if (observed?.state === 'stopping') return hours;
  if (runs(environment)) {
    const stopAt = wanted.stopAt === undefined ? undefined : Date.parse(wanted.stopAt);
    return countRunning(hours, environment, { launchedAt: launchOf(environment), stopAt }, moment);
  }
  const known = observed && hours.environments[uid]?.run?.launched;
  return countEnded(hours, uid, { endedAt: known ? Date.parse(observed.at) : moment.now, launchedAt: null }, moment);
}

const launchOf = ({ observed }: Recorded) => (observed ? Date.parse(observed.launchedAt ?? observed.at) : 0);

/** Whether the record of an environment says that its instance runs. */
export const runs = ({ observed }: Pick<Environment, 'observed'>): boolean =>
  observed?.state === 'running' || observed?.state === 'pending';

/** Whether environments of an owner run, or start. */
export const isUnderWay = (hours: OwnerHours): boolean => runsOf(hours).length > 0;

/** What an owner has used of a month by a time, and has reserved of its rest, in milliseconds. */
export interface Usage {
  readonly used: number;
  readonly reserved: number;
}

/** Computes what an owner has used and reserved of the month of a time. */
export function usageOf(hours: OwnerHours, now: number): Usage {
  const month = monthOf(now);
  const open = runsOf(hours).map(({ run }) => run);
  const ended = hours.month === monthText(now) ? hours.used : 0;
  return {
    used: ended + sum(open.map(({ since, launched }) => (launched ? overlap(since, now, month) : 0))),
    reserved: sum(open.map(({ until }) => overlap(now, until, month))),
  };
}

/** The refusal of what there are no hours for. */
export function usedUp(hours: OwnerHours, { uid, owner, repository }: Counted, now: number): RecodeError {
  const { used } = usageOf(hours, now);
  const own = hours.environments[uid]?.run;
  const until = own && own.until > now ? ` ${repository} may run until ${new Date(own.until).toISOString()}.` : '';
  const others = othersOf(hours, uid, now).map((other) => `${other.repository} (until ${new Date(other.run.until).toISOString()})`);
  const reserved = others.length === 0 ? '' : ` The rest is reserved for ${others.slice(0, mostNamed).join(', ')}.`;
  const name = monthName(now);
  const end = new Date(monthOf(now).end).toISOString();
  return new RecodeError(
    'HoursUsedUp',
    `${owner} has used ${hoursText(used)} of ${hours.limit} hours in ${name}.${until}${reserved} ${name} ends at ${end}.`,
  );
}

// A longer list is not read to its end.
const mostNamed = 5;

/** Hours as text, rounded to one decimal: `41.5`. */
export const hoursText = (milliseconds: number): string => String(Math.round(milliseconds / (hour / 10)) / 10);

/** The name of the month of a time (UTC). */
export const monthName = (time: number): string => new Date(time).toLocaleString('en', { month: 'long', timeZone: 'UTC' });

interface OpenRun {
  readonly uid: string;
  readonly repository: string;
  readonly endedAt?: number | undefined;
  readonly run: v.InferOutput<typeof Run>;
}

const runsOf = ({ environments }: OwnerHours): OpenRun[] =>
  Object.entries(environments).flatMap(([uid, { run, ...account }]) => (run ? [{ uid, ...account, run }] : []));

/** The other runs that have hours reserved. */
const othersOf = (hours: OwnerHours, uid: string, now: number) => runsOf(hours).filter((open) => open.uid !== uid && open.run.until > now);

/** How long an environment may run from now on: until it is to stop, or the hours of a month are used up. */
function grant(hours: OwnerHours, uid: string, stopAt: number, now: number): number {
  for (let at = now; at < stopAt; ) {
    const month = monthOf(at);
    const end = Math.min(stopAt, month.end);
    const free = hours.limit * hour - taken(hours, uid, month, now);
    if (free < end - at) return at + Math.max(0, free);
    at = end;
  }
  return stopAt;
}

/** What is used or reserved of a month, but for what is reserved for one environment. */
function taken(hours: OwnerHours, uid: string, month: Month, now: number): number {
  const ended = hours.month === monthText(month.start) ? hours.used : 0;
  const lengths = runsOf(hours).map(({ uid: other, run: { since, launched, until } }) => {
    const from = launched ? since : now;
    return overlap(from, other === uid ? now : Math.max(until, now), month);
  });
  return ended + sum(lengths);
}

/** The same at a moment: a new month begins with nothing used, and a day after its last run an environment is forgotten. */
function upTo(hours: OwnerHours, { now, limit }: Moment): OwnerHours {
  const month = monthText(now);
  const known = Object.entries(hours.environments).filter(([, { run, endedAt = 0 }]) => run || endedAt > now - day);
  const environments = Object.fromEntries(known);
  // By a clock that is late, it may be the month before.
  return month > hours.month ? { ...hours, limit, environments, month, used: 0 } : { ...hours, limit, environments };
}

function withAccount(hours: OwnerHours, uid: string, account: OwnerHours['environments'][string]): OwnerHours {
  return { ...hours, environments: { ...hours.environments, [uid]: account } };
}

interface Month {
  readonly start: number;
  readonly end: number;
}

const monthText = (time: number) => new Date(time).toISOString().slice(0, 7);

function monthOf(time: number): Month {
  const date = new Date(time);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return { start: Date.UTC(year, month), end: Date.UTC(year, month + 1) };
}

const overlap = (from: number, to: number, { start, end }: Month) => Math.max(0, Math.min(to, end) - Math.max(from, start));
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
