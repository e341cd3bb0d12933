import { GetProductsCommand, type PricingClient } from '@aws-sdk/client-pricing';
import * as v from 'valibot';
import { writePrices } from '../../aws/records/hold/prices.ts';
import { readPrices } from '../../aws/records/read/prices.ts';
import { ifInstalled } from '../../aws/records/read/table.ts';
import { dynamodb, pricing } from '../../aws/step/clients.ts';
import { logger } from '../../aws/step/logger.ts';
import { region } from '../../aws/step/region.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { PricesRead } from '../../core/document.ts';
import { type PriceQuery, priceQueries, withProducts } from '../../core/price-list.ts';
import { areDue, priceListOf, type RegionPrices } from '../../core/prices.ts';

/** How long one invocation goes on to ask for pages. The slowest call may begin at the end of it. */
const milliseconds = 6_000;

const nothing: PricesRead = { found: { instanceHour: {}, volumeMonth: {} } };

/**
 * Reads the prices of this region from AWS's price list, a few seconds at a time, and then records them. Does nothing if they were recorded
 * within a day, if Recode is not installed, and in a partition without a price list. A price that the list no longer has stays: environments of
 * a retired instance type still run.
 */
export const refreshPrices = step({
  input: v.object({
    /** Missing at the first call. */
    prices: v.optional(PricesRead),
  }),
  output: PricesRead,
  uses: { dynamodb, pricing, region, logger },
  async run({ prices }, { dynamodb, pricing, region, logger, clock }) {
    const list = priceListOf(region);
    if (!list) return nothing;
    const installed = await ifInstalled(readPrices(dynamodb).then((recorded) => ({ recorded })));
    const begun = clock.now();
    if (!installed || (installed.recorded && !areDue(installed.recorded, begun))) return nothing;

    let { found, next = { query: 0 } } = prices ?? nothing;
    for (let query = priceQueries[next.query]; query; query = priceQueries[next.query]) {
      if (clock.now() - begun >= milliseconds) return { found, next };
      const page = await pageOf(pricing, region, query, next.token);
      const added = withProducts(found, page.products, list.currency);
      if (added.unreadable > 0)
        logger.warn('Products of the price list cannot be read', { service: query.service, count: added.unreadable });
      found = added.prices;
      next = page.token === undefined ? { query: next.query + 1 } : { query: next.query, token: page.token };
    }
    if (Object.keys(found.instanceHour).length === 0) {
      logger.warn('The price list has no instance types', { region });
      return { found };
    }
    const { currency } = list;
    const at = new Date(clock.now()).toISOString();
    await ifInstalled(writePrices(dynamodb, { format: 2, currency, at, ...merged(installed.recorded, found) }));
    return { found };
  },
});

export const handler = lambdaHandler(refreshPrices);

async function pageOf(pricing: PricingClient, region: string, { service, attributes }: PriceQuery, token: string | undefined) {
  const { PriceList = [], NextToken } = await pricing.send(
    new GetProductsCommand({
      ServiceCode: service,
      FormatVersion: 'aws_v1',
      Filters: Object.entries({ regionCode: region, ...attributes }).map(([Field, Value]) => ({ Type: 'TERM_MATCH', Field, Value })),
      NextToken: token,
    }),
  );
  return { products: PriceList.map(String), token: NextToken };
}

/** What was recorded, with what is in the list now. AWS bills what the list has: without a price in it, an address is free. */
function merged(recorded: RegionPrices | undefined, found: RegionPrices): RegionPrices {
  return {
    instanceHour: { ...recorded?.instanceHour, ...found.instanceHour },
    volumeMonth: { ...recorded?.volumeMonth, ...found.volumeMonth },
    addressHour: found.addressHour ?? 0,
    snapshotMonth: found.snapshotMonth ?? recorded?.snapshotMonth,
  };
}
