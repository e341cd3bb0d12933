import type { Deed, Life } from './life.ts';
import type { Mishaps } from './mishaps.ts';
import type { Difference, Run } from './observer.ts';
import { type Choice, type Period, team } from './people.ts';
import { hour, minute, nextTimeOfDay, second } from './time-zones.ts';
import { lastUse } from './use.ts';

// Whether each machine was stopped when it had to be, and at no other time. It knows what people chose and did, and what EC2 told, and
// computes by itself when a stop was due.

/** How late an automatic stop may be. */
const tolerance = 5 * minute;
/** How far the time of a start, from which hours count, may be from what EC2 tells of it. */
const startLasts = 15 * second;

export interface Stops {
  /** Automatic stops that had to be: the time came while the machine ran. */
  due: number;
  inTime: number;
  /** Those of them that were due while EC2 was out, and came within five minutes of its end. */
  afterOutage: number;
  /** Later. Somebody else may have stopped the machine first. */
  late: number;
  /** Machines that still ran at the end. */
  missed: number;
  /** How late they were, in seconds. */
  lateness: number[];
}

export interface Verdict {
  readonly schedule: Stops;
  readonly idle: Stops;
  readonly runs: number;
  readonly endedBy: Record<EndedBy, number>;
  /** What had to be otherwise, in words. */
  readonly complaints: readonly string[];
  /** Machines that powered themselves off while they were used, or before their idle time. */
  readonly busy: number;
  /** Stops that nothing and nobody asked for. */
  readonly unasked: number;
  /** Stops by the schedule, at their time, of a machine that somebody used. */
  readonly scheduledInUse: number;
}

type EndedBy = 'schedule' | 'idle' | 'person' | 'hand';

const noStops = (): Stops => ({ due: 0, inTime: 0, afterOutage: 0, late: 0, missed: 0, lateness: [] });

/** @param end of the simulation, in milliseconds since the epoch */
export function judge(
  lives: readonly Life[],
  runs: readonly Run[],
  { hands, outage }: Pick<Mishaps, 'hands' | 'outage'>,
  end: number,
): Verdict {
  const [schedule, idle] = [noStops(), noStops()];
  const endedBy: Record<EndedBy, number> = { schedule: 0, idle: 0, person: 0, hand: 0 };
  const complaints: string[] = [];
  let [busy, unasked, scheduledInUse] = [0, 0, 0];

  const count = (stops: Stops, run: Run, due: number): boolean => {
    const until = run.to ?? end;
    const inOutage = due < outage.to && until > outage.from;
    const latest = (inOutage ? Math.max(due, outage.to) : due) + tolerance;
    if (until < due) return false;
    // It may still come.
    if (run.to === undefined && end <= latest) return false;
    stops.due += 1;
    if (run.to !== undefined) stops.lateness.push((run.to - due) / second);
    if (until <= due + tolerance) stops.inTime += 1;
    else if (until <= latest) stops.afterOutage += 1;
    else if (run.to === undefined) stops.missed += 1;
    else stops.late += 1;
    if (until > latest) complaints.push(`${told(run)} was to stop at ${iso(due)}.`);
    return true;
  };

  for (const life of lives) {
    const choice = settled(life.person.choice);
    for (const run of runs.filter(({ repository }) => repository === life.person.repository)) {
      const until = run.to ?? end;
      const asked = asks(life.deeds, hands, run);
      const due = dueOf(choice, life.deeds, run);
      const idleDue = choice.idleStop === 'off' ? undefined : idleTime(choice.idleStop, life, run, end);
      if (asked.powerOff) {
        endedBy.idle += 1;
        const since = lastUse(life.uses, run.from, until) ?? run.from;
        if (idleDue !== undefined) count(idle, run, idleDue);
        else {
          busy += 1;
          complaints.push(
            `${told(run)} powered itself off, was used until ${iso(since)}, and had an idle time of ${choice.idleStop} minutes.`,
          );
        }
        continue;
      }
      // Whatever has stopped it, it must not have run on.
      if (idleDue !== undefined && until > idleDue + tolerance) count(idle, run, idleDue);
      if (run.to !== undefined && asked.person) {
        endedBy.person += 1;
        if (due !== undefined && until > due + tolerance) count(schedule, run, due);
        continue;
      }
      if (run.to !== undefined && asked.hand) {
        endedBy.hand += 1;
        if (due !== undefined && until > due + tolerance) count(schedule, run, due);
        continue;
      }
      const counted = due !== undefined && count(schedule, run, due);
      if (run.to === undefined) continue;
      endedBy.schedule += 1;
      if (!counted) {
        unasked += 1;
        complaints.push(`${told(run)} was to stop ${due === undefined ? 'never' : `at ${iso(due)}`}.`);
      } else if ((lastUse(life.uses, run.from, until) ?? 0) > until - minute) scheduledInUse += 1;
    }
  }
  return { schedule, idle, runs: runs.length, endedBy, complaints, busy, unasked, scheduledInUse };
}

/** What somebody has chosen, or the team. */
function settled({ autoStop, idleStop }: Choice): Required<{ [Key in keyof Choice]: NonNullable<Choice[Key]> }> {
  return { autoStop: autoStop ?? team.autoStop, idleStop: idleStop ?? team.idleStop };
}

/** Who has asked for the end of a run. */
function asks(deeds: readonly Deed[], hands: Mishaps['hands'], { instanceId, from, to }: Run) {
  if (to === undefined) return { person: false, hand: false, powerOff: false };
  const around = (at: number, before: number, after: number) => to >= at - before && to <= at + after;
  return {
    // An operation that was asked for at any time before, and has ended since.
    person: deeds.some(
      (deed) =>
        (deed.kind === 'stop' || deed.kind === 'remove') &&
        deed.outcome.begun <= to + second &&
        deed.outcome.ended >= to - second &&
        deed.outcome.ended > from,
    ),
    hand: hands.some((hand) => hand.what !== 'start' && hand.instanceId === instanceId && around(hand.at, second, 5 * second)),
    powerOff: deeds.some((deed) => deed.kind === 'power-off' && deed.instanceId === instanceId && around(deed.at, second, 5 * second)),
  };
}

/** When a run was to be stopped by its schedule; undefined for never. */
function dueOf({ autoStop }: ReturnType<typeof settled>, deeds: readonly Deed[], run: Run): number | undefined {
  if (autoStop === 'never') return undefined;
  const until = run.to ?? Number.POSITIVE_INFINITY;
  let due = 'hours' in autoStop ? run.from + autoStop.hours * hour : nextTimeOfDay(autoStop.timeZone, autoStop.time, run.from);
  for (const deed of deeds) {
    if (deed.kind === 'start' && deed.outcome.status === 'SUCCEEDED' && 'hours' in autoStop) {
      // The hours count from the end of the start, as far as EC2 has not stopped meanwhile.
      const { begun, ended } = deed.outcome;
      if (begun <= run.from && ended >= run.from && ended - run.from < startLasts) due = ended + autoStop.hours * hour;
    }
    if (deed.kind !== 'extend' || deed.outcome.status !== 'SUCCEEDED' || deed.stopAt === undefined) continue;
    if (deed.outcome.ended >= run.from && deed.outcome.ended <= until) due = Math.max(due, deed.stopAt);
  }
  return due;
}

/** When a run was to end for being idle: after the first time that is long enough, however that was used later. Undefined for never. */
function idleTime(idleStop: number, { uses, deeds }: Life, run: Run, end: number): number | undefined {
  const until = run.to ?? end;
  const awake = deeds.flatMap((deed) => (deed.kind === 'keep-awake' && deed.at >= run.from && deed.at <= until ? deed : []));
  const during = uses.filter(({ from, to }) => to > run.from && from <= until);
  let since = run.from;
  for (const use of [...during, { from: Number.POSITIVE_INFINITY, to: Number.POSITIVE_INFINITY }]) {
    let due = since + idleStop * minute;
    for (const { at, minutes } of awake) if (at <= due) due = Math.max(due, at + minutes * minute);
    // It looks once a minute.
    if (due + 2 * minute < Math.min(use.from, until + 3 * minute)) return due <= until ? due : undefined;
    since = Math.max(since, Math.min(use.to, until));
  }
  return undefined;
}

const iso = (at: number) => new Date(at).toISOString();
const told = ({ repository, instanceId, from, to }: Run) =>
  `${repository} (${instanceId}), which ran from ${iso(from)} to ${to === undefined ? 'the end' : iso(to)},`;

/** How long records were wrong, in seconds, sorted. */
export function wrongFor(differences: readonly Difference[], end: number): number[] {
  return differences.map(({ from, to }) => ((to ?? end) - from) / second).sort((one, other) => one - other);
}

/** The environments whose machines would have run, and for how long, if people had done the same with other rules. In milliseconds. */
export function otherwise(lives: readonly Life[], runs: readonly Run[], { to: end }: Period) {
  return lives.map(({ person, deeds }) => {
    const own = runs.filter(({ repository }) => repository === person.repository);
    const removed = deeds.find((deed) => deed.kind === 'remove');
    const gone = removed?.kind === 'remove' ? removed.outcome.begun : end;
    const first = own[0]?.from;
    const ran = own.reduce((sum, run) => sum + (run.to ?? end) - run.from, 0);
    return { person, existed: first === undefined ? 0 : gone - first, ran, daily: first === undefined ? 0 : daily(person, gone) };
  });
}

/**
 * How long a machine would run that is stopped at 20:00 in its owner's time zone each day, and only then: the owner starts it at the first use
 * when it is off, also at once if it was stopped in the middle of one.
 */
function daily({ sessions, timeZone }: Life['person'], end: number): number {
  let [ran, off] = [0, Number.NEGATIVE_INFINITY];
  for (const { arrive, leave, buildUntil } of sessions) {
    const to = Math.min(end, buildUntil ?? leave);
    for (let from = Math.max(arrive, off); from < to; from = off) {
      off = Math.min(end, nextTimeOfDay(timeZone, '20:00', from));
      ran += off - from;
    }
  }
  return ran;
}
