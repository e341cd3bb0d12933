import * as v from 'valibot';

const currencies = ['USD', 'CNY'] as const;
export type Currency = (typeof currencies)[number];

/** What AWS charges in a region. */
export const RegionPrices = v.object({
  /** For an hour of an instance type on demand, with Linux. */
  instanceHour: v.record(v.string(), v.number()),
  /** For a GiB of a volume type and a month. */
  volumeMonth: v.record(v.string(), v.number()),
  /** For an hour of a public IPv4 address. */
  addressHour: v.optional(v.number()),
  /** For a GiB of a snapshot and a month. Missing in what an older version recorded. */
  snapshotMonth: v.optional(v.number()),
});
export type RegionPrices = v.InferOutput<typeof RegionPrices>;

/** The prices of the stack's region, as the table records them. */
export const RecordedPrices = v.object({
  format: v.literal(2),
  currency: v.picklist(currencies),
  /** When AWS's price list had them (ISO 8601). */
  at: v.pipe(v.string(), v.isoTimestamp()),
  ...RegionPrices.entries,
});
export type RecordedPrices = v.InferOutput<typeof RecordedPrices>;

const day = 86_400_000;

/** Whether recorded prices are so old that they are read again: a day. */
export function areDue({ at }: RecordedPrices, now: number): boolean {
  return now - Date.parse(at) >= day;
}

/** Whether recorded prices are too old to be shown: they have not been read for a week. */
export function areOutdated({ at }: RecordedPrices, now: number): boolean {
  return now - Date.parse(at) > 7 * day;
}

/** Where AWS's price list of a region is. */
export interface PriceList {
  /** The region whose endpoint answers. */
  readonly region: string;
  readonly currency: Currency;
}

/**
 * Where AWS's price list of a region is; undefined for a partition without one, such as AWS GovCloud (US). The endpoints are those of
 * https://docs.aws.amazon.com/general/latest/gr/billing.html and of AWS in China. As in karpenter-provider-aws (pkg/providers/pricing), the
 * one of the same continent is asked.
 */
export function priceListOf(region: string): PriceList | undefined {
  if (region.startsWith('cn-')) return { region: 'cn-northwest-1', currency: 'CNY' };
  if (/^us-(gov|iso)|^(eu|eusc)-(iso|de)/.test(region)) return undefined;
  const nearest = region.startsWith('eu-') ? 'eu-central-1' : region.startsWith('ap-') ? 'ap-south-1' : 'us-east-1';
  return { region: nearest, currency: 'USD' };
}
