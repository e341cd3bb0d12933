import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { unless } from '../../aws/errors.ts';
import { readPrices } from '../../aws/records/read/prices.ts';
import { ifInstalled } from '../../aws/records/read/table.ts';
import { noPrices, type Prices } from '../../core/cost.ts';
import { RecodeError } from '../../core/errors.ts';
import { areOutdated, priceListOf, type RecordedPrices } from '../../core/prices.ts';

interface Shipped {
  readonly addressHour: number;
  readonly snapshotMonth: number;
  readonly volumeMonth: Readonly<Record<string, number>>;
  /** By family and size. */
  readonly instanceHour: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/**
 * The prices of a region: those that its stack has recorded within a week. Recode comes with those of us-east-1, for what is not recorded
 * there. Recorded prices that cannot be read count as none.
 */
export async function pricesOf(region: string, dynamodb: DynamoDBClient, now = Date.now()): Promise<Prices> {
  const list = priceListOf(region);
  const recorded = list && (await readable(dynamodb));
  const current = recorded && !areOutdated(recorded, now) ? recorded : undefined;
  if (region === 'us-east-1') {
    const { default: shipped } = await import('./us-east-1.json', { with: { type: 'json' } });
    const others = shippedPrices(shipped);
    return current ? recordedPrices(current, others) : others;
  }
  if (current) return recordedPrices(current);
  return noPrices(list?.currency ?? 'USD', list ? (recorded ? 'prices-outdated' : 'prices-not-read') : 'no-price-list');
}

/** They are only shown, so a person without permission to read them, and a damaged record, do without. */
async function readable(dynamodb: DynamoDBClient): Promise<RecordedPrices | undefined> {
  try {
    return await unless('unauthorized', ifInstalled(readPrices(dynamodb)));
  } catch (error) {
    if (error instanceof RecodeError && (error.name === 'RecordDamaged' || error.name === 'RecordNewerThanCli')) return undefined;
    throw error;
  }
}

function recordedPrices({ currency, instanceHour, volumeMonth, addressHour, snapshotMonth }: RecordedPrices, others?: Prices): Prices {
  return {
    currency,
    instanceHour: (type) => own(instanceHour, type) ?? others?.instanceHour(type),
    volumeMonth: (type) => own(volumeMonth, type) ?? others?.volumeMonth(type),
    addressHour: addressHour ?? others?.addressHour,
    snapshotMonth: snapshotMonth ?? others?.snapshotMonth,
    missing: 'not-in-price-list',
  };
}

function shippedPrices({ addressHour, snapshotMonth, volumeMonth, instanceHour }: Shipped): Prices {
  return {
    currency: 'USD',
    instanceHour(instanceType) {
      const [family = '', size = ''] = instanceType.split('.');
      return own(own(instanceHour, family) ?? {}, size);
    },
    volumeMonth: (volumeType) => own(volumeMonth, volumeType),
    addressHour,
    snapshotMonth,
    missing: 'not-in-price-list',
  };
}

/** What an object has under a name that comes from a record. */
const own = <Value>(values: Readonly<Record<string, Value>>, name: string): Value | undefined =>
  Object.hasOwn(values, name) ? values[name] : undefined;
