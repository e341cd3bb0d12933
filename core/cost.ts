import { type Environment, statusOf } from './environment.ts';
import type { KeptDisk } from './kept.ts';
import type { Currency } from './prices.ts';

/** What AWS charges in a region; undefined where that is not known. */
export interface Prices {
  readonly currency: Currency;
  /** For an hour of an instance type on demand, with Linux. */
  readonly instanceHour: (instanceType: string) => number | undefined;
  /** For a GiB of a volume type and a month. */
  readonly volumeMonth: (volumeType: string) => number | undefined;
  /** For an hour of a public IPv4 address. */
  readonly addressHour: number | undefined;
  /** For a GiB of a snapshot and a month. */
  readonly snapshotMonth: number | undefined;
  /** Why no price is known, or one that is missing. */
  readonly missing: MissingPrice;
}

/** Why a price is not known. */
export type MissingPrice = 'no-price-list' | 'prices-not-read' | 'prices-outdated' | 'not-in-price-list';

/** Where no price is known. */
export function noPrices(currency: Currency, missing: MissingPrice): Prices {
  return {
    currency,
    instanceHour: () => undefined,
    volumeMonth: () => undefined,
    addressHour: undefined,
    snapshotMonth: undefined,
    missing,
  };
}

/** What an environment costs, in the currency of the prices; null where it is not known. */
export interface Cost {
  /** An hour while it runs: its instance and its public address. Its volume costs the same whether it runs or not. */
  readonly hour: number | null;
  /** This month, as it is now. */
  readonly month: number | null;
  /** Why one of them is not known; null if both are. */
  readonly unknown: CostUnknown | null;
}
export type CostUnknown = MissingPrice | 'no-instance' | 'start-not-recorded';

const hour = 3_600_000;

/**
 * What an environment costs in an hour that it runs, and in this month. The month is estimated for an environment that nobody touches: it runs
 * from its last start until it stops automatically, and has its volume from its creation until the end of the month. Earlier runs are in no
 * record. As on AWS's bill, a month begins and ends in UTC.
 *
 * @param now milliseconds since the epoch
 */
export function costOf(environment: Environment, prices: Prices, now: number): Cost {
  const { wanted, observed } = environment;
  const perHour = sum(prices.instanceHour(observed?.instanceType ?? wanted.instanceType), prices.addressHour) ?? null;
  const perGibMonth = prices.volumeMonth(wanted.volumeType);
  const costs = (month: number | undefined, unknown: CostUnknown): Cost => {
    const reason = perHour === null || perGibMonth === undefined ? prices.missing : unknown;
    return { hour: perHour, month: month ?? null, unknown: perHour === null || month === undefined ? reason : null };
  };
  if (!observed || observed.state === 'gone') return costs(undefined, 'no-instance');
  const month = monthOf(now);
  const run = runOf(environment, month, now);
  if (run === undefined || perGibMonth === undefined) return costs(undefined, 'start-not-recorded');
  const volume =
    perGibMonth * wanted.volumeSize * (within(month, Date.parse(environment.createdAt), month.end) / (month.end - month.start));
  const running = run === 0 ? 0 : perHour === null ? undefined : perHour * (run / hour);
  return costs(sum(volume, running), prices.missing);
}

const gibibyte = 2 ** 30;

/**
 * What a kept disk costs in a month at most, null where that is not known: AWS charges for the blocks that were written. Where EC2 does not tell
 * how many, it may be all of them.
 */
export function keptCostOf({ bytes, volumeSize }: Pick<KeptDisk, 'bytes' | 'volumeSize'>, { snapshotMonth }: Prices): number | null {
  return snapshotMonth === undefined ? null : snapshotMonth * (bytes === undefined ? volumeSize : bytes / gibibyte);
}

interface Month {
  readonly start: number;
  readonly end: number;
}

/** The calendar month of a time, in UTC. */
function monthOf(now: number): Month {
  const date = new Date(now);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return { start: Date.UTC(year, month), end: Date.UTC(year, month + 1) };
}

/** How long it runs in the month, in milliseconds; undefined if it is not recorded since when. */
function runOf(environment: Environment, month: Month, now: number): number | undefined {
  if (statusOf(environment) !== 'started') return 0;
  const { observed, wanted } = environment;
  if (observed?.launchedAt === undefined) return undefined;
  // An automatic stop may be late.
  const end = wanted.stopAt === undefined ? month.end : Math.max(now, Date.parse(wanted.stopAt));
  return within(month, Date.parse(observed.launchedAt), end);
}

/** How much of the month is between two times. */
function within({ start, end }: Month, from: number, to: number): number {
  return Math.max(0, Math.min(end, to) - Math.max(start, from));
}

function sum(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one + other;
}
