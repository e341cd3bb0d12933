import { noPrices, type Prices } from '../../core/cost.ts';

interface Shipped {
  readonly addressHour: number;
  readonly volumeMonth: Readonly<Record<string, number>>;
  /** By family and size. */
  readonly instanceHour: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** The prices of a region: Recode comes with those of us-east-1. */
export async function pricesOf(region: string): Promise<Prices> {
  if (region !== 'us-east-1') return noPrices;
  const { default: shipped } = await import('./us-east-1.json', { with: { type: 'json' } });
  return shippedPrices(shipped);
}

function shippedPrices({ addressHour, volumeMonth, instanceHour }: Shipped): Prices {
  return {
    instanceHour(instanceType) {
      const [family = '', size = ''] = instanceType.split('.');
      return own(own(instanceHour, family) ?? {}, size);
    },
    volumeMonth: (volumeType) => own(volumeMonth, volumeType),
    addressHour,
  };
}

/** What an object has under a name that comes from a record. */
const own = <Value>(values: Readonly<Record<string, Value>>, name: string): Value | undefined =>
  Object.hasOwn(values, name) ? values[name] : undefined;
