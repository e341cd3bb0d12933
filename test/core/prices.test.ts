import { describe, expect, it } from 'vitest';
import { areDue, areOutdated, priceListOf, type RecordedPrices } from '../../core/prices.ts';

// The endpoints of https://docs.aws.amazon.com/general/latest/gr/billing.html and of karpenter-provider-aws, pkg/providers/pricing/pricing.go,
// which also says that AWS GovCloud (US) has none, and that prices in China are in CNY.
describe('the price list of a region', () => {
  it.each([
    ['us-east-1', 'us-east-1', 'USD'],
    ['us-west-2', 'us-east-1', 'USD'],
    ['ca-central-1', 'us-east-1', 'USD'],
    ['sa-east-1', 'us-east-1', 'USD'],
    ['af-south-1', 'us-east-1', 'USD'],
    ['eu-west-3', 'eu-central-1', 'USD'],
    ['ap-northeast-1', 'ap-south-1', 'USD'],
    ['cn-north-1', 'cn-northwest-1', 'CNY'],
    ['cn-northwest-1', 'cn-northwest-1', 'CNY'],
    ['constructor', 'us-east-1', 'USD'],
  ])('of %s is in %s, in %s', (of, region, currency) => {
    expect(priceListOf(of)).toEqual({ region, currency });
  });

  it.each(['us-gov-west-1', 'us-gov-east-1', 'us-iso-east-1', 'us-isob-east-1', 'eu-isoe-west-1', 'eusc-de-east-1'])(
    'does not exist in the partition of %s',
    (region) => {
      expect(priceListOf(region)).toBeUndefined();
    },
  );
});

describe('recorded prices', () => {
  const at = '2026-11-01T00:00:00.000Z';
  const recorded: RecordedPrices = { format: 2, currency: 'USD', at, instanceHour: {}, volumeMonth: {} };

  it.each([
    ['2026-11-01T23:59:59Z', false, false],
    ['2026-11-02T00:00:00Z', true, false],
    ['2026-11-08T00:00:00Z', true, false],
    ['2026-11-08T00:00:01Z', true, true],
    // The clock of this machine may be behind.
    ['2026-10-31T00:00:00Z', false, false],
  ])('of a day are due, and of a week outdated: at %s', (now, due, outdated) => {
    expect([areDue(recorded, Date.parse(now)), areOutdated(recorded, Date.parse(now))]).toEqual([due, outdated]);
  });
});
