import { createRandom, type Random } from './random.ts';
import { type CalendarDate, dateIn, day, daysLater, hour, minute, timeOn, weekday } from './time-zones.ts';
import type { Use } from './use.ts';

/** What an environment is started with. What is undefined is left to the team. */
export interface Choice {
  readonly autoStop: { readonly time: string; readonly timeZone: string } | { readonly hours: number } | 'never' | undefined;
  /** In minutes. */
  readonly idleStop: number | 'off' | undefined;
}

/** What the team has chosen for all who choose nothing. */
export const team = { autoStop: { time: '20:00', timeZone: 'Europe/Berlin' }, idleStop: 120 } as const;

/** An environment, and what its owner is going to do with it. */
export interface Person {
  readonly owner: string;
  readonly repository: string;
  readonly timeZone: string;
  readonly choice: Choice;
  readonly instanceType: string;
  readonly volume: { readonly size: number; readonly type: 'gp2' | 'gp3' };
  /** In their order. */
  readonly sessions: readonly Session[];
  /** When its owner removes it, if ever. */
  readonly leavesAt: number | undefined;
}

/** A stay at the computer. */
export interface Session {
  readonly arrive: number;
  readonly leave: number;
  /** In the time between, in their order: what is no use is a meeting, lunch, or reading. */
  readonly uses: readonly Use[];
  /** A program that goes on to compute when the person is gone, until this time. */
  readonly buildUntil: number | undefined;
  /** Whether the person stops the environment at the end. */
  readonly stops: boolean;
  /** For how many minutes the person keeps it awake at the end, if at all. */
  readonly keepsAwake: number | undefined;
  /** Whether a warning of a stop is heeded. */
  readonly heeds: boolean;
}

/** A part of the calendar, in milliseconds since the epoch. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

const zones = [
  [30, 'Europe/Berlin'],
  [20, 'America/New_York'],
  [15, 'America/Los_Angeles'],
  [15, 'Asia/Kolkata'],
  [10, 'Australia/Sydney'],
  [5, 'America/Sao_Paulo'],
  [5, 'Asia/Tokyo'],
] as const;

/** How people of a time zone choose. */
const choices = (timeZone: string): readonly (readonly [number, Choice])[] => [
  [30, { autoStop: undefined, idleStop: undefined }],
  [20, { autoStop: { time: '20:00', timeZone }, idleStop: undefined }],
  [10, { autoStop: { time: '20:00', timeZone }, idleStop: 'off' }],
  // In the hour that a change of the clocks skips or repeats.
  [6, { autoStop: { time: '02:30', timeZone }, idleStop: 'off' }],
  [12, { autoStop: { hours: 8 }, idleStop: 'off' }],
  [5, { autoStop: { hours: 8 }, idleStop: 60 }],
  [14, { autoStop: 'never', idleStop: 60 }],
  [3, { autoStop: 'never', idleStop: 30 }],
];

/** What each of so many environments goes through in a period. A person has up to two of them. */
export function people(count: number, period: Period, seed: number): Person[] {
  return Array.from({ length: count }, (_, index) => {
    const ofOwner = createRandom(seed * 1_000_003 + Math.floor(index / 2));
    const timeZone = ofOwner.weighted(zones);
    const holiday = Math.floor(ofOwner.between(0, 31));
    const random = createRandom(seed * 7_919 + index + 1);
    const joins = period.from + (random.chance(0.15) ? random.between(0, 0.6) : 0) * (period.to - period.from);
    const leaves = random.chance(0.06) ? joins + random.between(0.3, 0.9) * (period.to - joins) : undefined;
    const vacation = random.chance(0.1) ? Math.floor(random.between(0, 25)) : undefined;
    const habits: Habits = {
      presence: random.pick([0.95, 0.8, 0.6, 0.25]),
      tidy: random.chance(0.4) ? 0.7 : 0.1,
      heeds: random.pick([0.9, 0.5]),
    };
    const until = leaves ?? period.to;
    const first = daysLater(dateIn(timeZone, period.from), -1);
    const sessions: Session[] = [];
    for (let number = 0; number <= (period.to - period.from) / day + 2; number++) {
      const away = number === holiday || (vacation !== undefined && number >= vacation && number < vacation + 7);
      if (!away) sessions.push(...dayOf(daysLater(first, number), timeZone, habits, random));
    }
    return {
      owner: `developer-${Math.floor(index / 2) + 1}`,
      repository: `acme/service-${index + 1}`,
      timeZone,
      choice: random.weighted(choices(timeZone)),
      instanceType: random.weighted([
        [70, 't3.medium'],
        [20, 'm5.xlarge'],
        [10, 't3.micro'],
      ]),
      volume: random.weighted([
        [60, { size: 16, type: 'gp2' }],
        [30, { size: 50, type: 'gp3' }],
        [10, { size: 100, type: 'gp3' }],
      ]),
      sessions: sessions.filter(({ arrive, leave }) => arrive >= joins && leave < until - hour),
      leavesAt: leaves,
    };
  });
}

interface Habits {
  /** How often the person is there on a working day. */
  readonly presence: number;
  /** How often the person stops the environment after work. */
  readonly tidy: number;
  readonly heeds: number;
}

function dayOf(date: CalendarDate, timeZone: string, habits: Habits, random: Random): Session[] {
  const at = (minutes: number) => timeOn(timeZone, date, 0) + Math.round(minutes * minute);
  const weekend = [0, 6].includes(weekday(date));
  if (!random.chance(weekend ? 0.06 : habits.presence)) return [];
  const arrive = weekend ? random.between(10 * 60, 18 * 60) : random.around(7.5 * 60, random.chance(0.1) ? 17 * 60 : 10.5 * 60);
  const leave = weekend ? arrive + random.between(90, 300) : Math.max(arrive + 180, random.around(15.5 * 60, 20.5 * 60));
  const sessions = [session(at(arrive), at(leave), habits, random)];
  if (random.chance(0.12)) {
    const evening = Math.max(leave + 45, random.between(20 * 60, 21.5 * 60));
    sessions.push(session(at(evening), at(evening + random.between(40, 150)), habits, random));
  }
  return sessions;
}

function session(arrive: number, leave: number, { tidy, heeds }: Habits, random: Random): Session {
  const builds = random.chance(0.09);
  return {
    arrive,
    leave,
    uses: usesBetween(arrive, leave, random),
    buildUntil: builds ? leave + random.between(1, 7) * hour : undefined,
    stops: !builds && random.chance(tidy),
    keepsAwake: random.chance(0.04) ? 180 : undefined,
    heeds: random.chance(heeds),
  };
}

/** Work in blocks, with pauses to think, with meetings and with lunch. Somebody who comes begins to use it within a few minutes. */
function usesBetween(arrive: number, leave: number, random: Random): Use[] {
  const uses: Use[] = [];
  for (let from = arrive + minute; from < leave; ) {
    const to = Math.min(leave, from + random.between(10, 75) * minute);
    const kind = random.weighted([
      [50, 'keys'],
      [35, 'traffic'],
      [15, 'computing'],
    ] as const);
    uses.push({ from, to, kind, attended: true });
    const pause = random.weighted([
      [70, { least: 3, most: 14 }],
      [20, { least: 30, most: 60 }],
      [10, { least: 60, most: 110 }],
    ]);
    from = to + random.between(pause.least, pause.most) * minute;
  }
  return uses;
}
