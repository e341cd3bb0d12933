import * as v from 'valibot';
import type { Currency, RegionPrices } from './prices.ts';

/** What to ask AWS's price list for: the products of a service that have all these attributes. */
export interface PriceQuery {
  readonly service: 'AmazonEC2' | 'AmazonVPC';
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * The products whose prices Recode shows. Without all of these attributes, an instance type has several products: for reserved capacity, other
 * tenancies and installed software, for example. Bare metal is a product family of its own, and its tenancy is always dedicated. See
 * https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html, and karpenter-provider-aws
 * (pkg/providers/pricing/pricing.go), which asks for the same.
 */
export const priceQueries: readonly PriceQuery[] = [
  ...[
    { productFamily: 'Compute Instance', tenancy: 'Shared' },
    { productFamily: 'Compute Instance (bare metal)', tenancy: 'Dedicated' },
  ].map((kind) => ({
    service: 'AmazonEC2' as const,
    attributes: {
      ...kind,
      operatingSystem: 'Linux',
      operation: 'RunInstances',
      preInstalledSw: 'NA',
      capacitystatus: 'Used',
      marketoption: 'OnDemand',
    },
  })),
  { service: 'AmazonEC2', attributes: { productFamily: 'Storage', locationType: 'AWS Region' } },
  { service: 'AmazonEC2', attributes: { productFamily: 'Storage Snapshot', locationType: 'AWS Region' } },
  { service: 'AmazonVPC', attributes: { group: 'VPCPublicIPv4Address' } },
];

/** What Recode reads of a product, in the format `aws_v1` of AWS's price list. */
const Product = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    product: v.object({
      attributes: v.object({
        usagetype: v.string(),
        instanceType: v.optional(v.string()),
        volumeApiName: v.optional(v.string()),
      }),
    }),
    terms: v.object({
      OnDemand: v.optional(
        v.record(
          v.string(),
          v.object({ priceDimensions: v.record(v.string(), v.object({ pricePerUnit: v.record(v.string(), v.string()) })) }),
        ),
        {},
      ),
    }),
  }),
);

/** Adds the prices of products to others, and counts the products that cannot be read. A product without a price in the currency adds none. */
export function withProducts(
  prices: RegionPrices,
  products: readonly string[],
  currency: Currency,
): { readonly prices: RegionPrices; readonly unreadable: number } {
  const instanceHour = { ...prices.instanceHour };
  const volumeMonth = { ...prices.volumeMonth };
  let { addressHour, snapshotMonth } = prices;
  let unreadable = 0;
  for (const text of products) {
    const read = v.safeParse(Product, text);
    if (!read.success) {
      unreadable += 1;
      continue;
    }
    const price = priceOf(read.output, currency);
    if (price === undefined) continue;
    const { instanceType, volumeApiName, usagetype } = read.output.product.attributes;
    if (instanceType !== undefined) instanceHour[instanceType] = price;
    else if (volumeApiName !== undefined) volumeMonth[volumeApiName] = price;
    else if (usagetype.endsWith('PublicIPv4:InUseAddress')) addressHour = price;
    // Not the archive tier, nor what is charged besides for outposts and fast restores.
    else if (/(^|-)EBS:SnapshotUsage$/.test(usagetype)) snapshotMonth = price;
  }
  const others = { ...(addressHour !== undefined && { addressHour }), ...(snapshotMonth !== undefined && { snapshotMonth }) };
  return { prices: { instanceHour, volumeMonth, ...others }, unreadable };
}

/** The price of a product on demand. The ranges of a tiered price, and an allowance that is free, are no price for everyone. */
function priceOf({ terms }: v.InferOutput<typeof Product>, currency: Currency): number | undefined {
  const dimensions = Object.values(terms.OnDemand).flatMap(({ priceDimensions }) => Object.values(priceDimensions));
  const prices = dimensions.map(({ pricePerUnit }) => Number(pricePerUnit[currency])).filter((price) => price > 0);
  return prices.length === 1 ? prices[0] : undefined;
}
