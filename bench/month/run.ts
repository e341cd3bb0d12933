import type { Situation, think } from './idle-model.ts';
import type { Choice } from './people.ts';
import { createRandom } from './random.ts';
import { createSample, scriptThinks } from './script-check.ts';
import { type Prices, simulate } from './simulate.ts';
import { day, hour, timeOn } from './time-zones.ts';
import type { Stops } from './verdict.ts';

export interface MonthOptions {
  readonly environments: number;
  /** The first day, such as `2028-03-06`. */
  readonly from: string;
  readonly days: number;
  readonly seed: number;
  readonly packageDirectory: string;
  /** core/instance/auto-stop.sh */
  readonly script: string;
  readonly progress: (at: number) => void;
}

/** How many decisions of machines are compared with the script's. */
const compared = 200;

/** Simulates the period, and tells what there is to tell of it. */
export async function runMonth({ environments, from, days, seed, packageDirectory, script, progress }: MonthOptions) {
  const [year = 0, month = 0, date = 0] = from.split('-').map(Number);
  const begin = Date.UTC(year, month - 1, date);
  const period = { from: begin, to: begin + days * day };
  const outage = outageIn(period);
  const sample = createSample(compared, createRandom(seed));
  const mishaps = Math.max(2, Math.round((environments * days) / 600));
  const ran = await simulate({ environments, period, outage, mishaps, seed, packageDirectory, seen: sample.show, progress });

  const { verdict, asked, price, others, hands, faults, wrong } = ran;
  const otherwise = sample.kept.filter((situation) => differs(scriptThinks(script, situation), situation));
  const complaints = [
    ...verdict.complaints,
    ...otherwise.map((situation) => `The script thinks otherwise than the model in ${JSON.stringify(situation)}.`),
    ...(asked.doubled > 0 ? [`${asked.doubled} automatic stops succeeded more than once.`] : []),
  ];
  const long = ran.differences.flatMap(({ repository, from, to = ran.ended }) => {
    const seconds = Math.round((to - from) / 1000);
    const inOutage = from >= outage.from && from < outage.to;
    return seconds > 10 ? { repository, from: new Date(from).toISOString(), seconds, inOutage } : [];
  });
  const cost = (rule: 'existed' | 'ran' | 'daily') =>
    others.reduce(
      (sum, one) => sum + (one[rule] / hour) * ((price.instanceHour[one.person.instanceType] ?? Number.NaN) + price.addressHour),
      0,
    );
  const hours = (rule: 'existed' | 'ran' | 'daily') => others.reduce((sum, one) => sum + one[rule] / hour, 0);
  const rule = (name: 'existed' | 'ran' | 'daily') => ({ hours: Math.round(hours(name)), dollars: Math.round(cost(name)) });
  return {
    seed,
    environments,
    days,
    from,
    outage: { from: new Date(outage.from).toISOString(), to: new Date(outage.to).toISOString() },
    stops: { schedule: told(verdict.schedule), idle: told(verdict.idle) },
    busy: verdict.busy,
    unasked: verdict.unasked,
    doubled: asked.doubled,
    scheduledInUse: verdict.scheduledInUse,
    runs: verdict.runs,
    endedBy: verdict.endedBy,
    requestedStops: asked.byStatus,
    records: {
      changes: wrong.length,
      wrongSeconds: {
        p50: rounded(quantile(wrong, 0.5)),
        p95: rounded(quantile(wrong, 0.95)),
        p99: rounded(quantile(wrong, 0.99)),
        max: rounded(quantile(wrong, 1)),
      },
      longerThanTenSeconds: {
        inOutage: long.filter(({ inOutage }) => inOutage).length,
        others: long.filter(({ inOutage }) => !inOutage).length,
      },
      longest: long,
    },
    hands: hands.length,
    faults: faults.length,
    failed: failures(ran.lives),
    script: { looks: sample.seen(), compared: sample.kept.length, different: otherwise.length },
    money: { alwaysOn: rule('existed'), daily: rule('daily'), recode: rule('ran'), disks: Math.round(disks(others, price)) },
    choices: byChoice(others),
    complaints,
  };
}

/** Two hours in the evening of Europe, on a Wednesday in the middle, or in the middle of a period without one. */
function outageIn({ from, to }: { readonly from: number; readonly to: number }) {
  const evenings = Array.from({ length: Math.floor((to - from) / day) }, (_, index) => new Date(from + index * day))
    .filter((date) => date.getUTCDay() === 3)
    .map((date) =>
      timeOn('Europe/Berlin', { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }, 19 * 60),
    );
  const begin = evenings[Math.floor(evenings.length / 2)] ?? from + (to - from) / 2;
  return { from: begin, to: begin + 2 * hour };
}

/** What people asked for that failed, by what it was and why. */
function failures(lives: Awaited<ReturnType<typeof simulate>>['lives']): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const deed of lives.flatMap(({ deeds }) => deeds)) {
    if (!('outcome' in deed) || deed.outcome.status === 'SUCCEEDED') continue;
    const name = `${deed.kind}: ${deed.outcome.error ?? deed.outcome.status}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

function differs(thought: ReturnType<typeof think>, { after }: Situation): boolean {
  return Object.entries(after).some(([name, value]) => thought[name as keyof typeof thought] !== value);
}

const told = ({ lateness, ...stops }: Stops) => {
  const sorted = [...lateness].sort((one, other) => one - other);
  return {
    ...stops,
    lateSeconds: { p50: rounded(quantile(sorted, 0.5)), p95: rounded(quantile(sorted, 0.95)), max: rounded(quantile(sorted, 1)) },
  };
};

const quantile = (sorted: readonly number[], part: number) =>
  sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
const rounded = (seconds: number) => Math.round(seconds * 10) / 10;

type Others = Awaited<ReturnType<typeof simulate>>['others'];

/** What the volumes cost, which no stop changes. AWS counts a month as 730 hours. */
function disks(others: Others, price: Prices): number {
  return others.reduce(
    (sum, { person: { volume }, existed }) => sum + (existed / hour / 730) * volume.size * (price.volumeMonth[volume.type] ?? Number.NaN),
    0,
  );
}

/** For how many hours environments ran, and would have, by what their owners chose. */
function byChoice(others: Others) {
  const words = [...new Set(others.map(({ person: { choice } }) => wordsFor(choice)))];
  return Object.fromEntries(
    words.sort().map((choice) => {
      const list = others.filter(({ person }) => wordsFor(person.choice) === choice);
      const total = (rule: 'existed' | 'ran' | 'daily') => Math.round(list.reduce((sum, one) => sum + one[rule] / hour, 0));
      return [choice, { environments: list.length, alwaysOn: total('existed'), daily: total('daily'), recode: total('ran') }];
    }),
  );
}

function wordsFor({ autoStop, idleStop }: Choice): string {
  const schedule =
    autoStop === undefined
      ? ''
      : `--auto-stop ${autoStop === 'never' ? autoStop : 'hours' in autoStop ? `${autoStop.hours}h` : autoStop.time}`;
  const idle = idleStop === undefined ? '' : `--idle-stop ${idleStop === 'off' ? idleStop : `${idleStop}m`}`;
  return [schedule, idle].filter((part) => part !== '').join(' ') || 'the defaults of the team';
}
