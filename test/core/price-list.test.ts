import { describe, expect, it } from 'vitest';
import { withProducts } from '../../core/price-list.ts';
import type { RegionPrices } from '../../core/prices.ts';

const none: RegionPrices = { instanceHour: {}, volumeMonth: {} };
type Price = Readonly<Record<string, string>>;

/** A product as GetProducts answers it. Its shape is that of the recordings that local/src/pricing/README.md names. */
function product(attributes: Readonly<Record<string, string>>, prices: readonly Price[], productFamily?: string): string {
  const dimensions = prices.map((pricePerUnit, index) => [
    `SKU.JRTCKXETXF.RATE${index}`,
    { unit: 'Hrs', endRange: 'Inf', description: 'a price', appliesTo: [], rateCode: `RATE${index}`, beginRange: '0', pricePerUnit },
  ]);
  const term = { priceDimensions: Object.fromEntries(dimensions), sku: 'SKU', offerTermCode: 'JRTCKXETXF', termAttributes: {} };
  const upfront = { unit: 'Quantity', description: 'Upfront Fee', appliesTo: [], pricePerUnit: { USD: '219' } };
  return JSON.stringify({
    product: { ...(productFamily && { productFamily }), attributes, sku: 'SKU' },
    serviceCode: 'AmazonEC2',
    terms: {
      ...(prices.length > 0 && { OnDemand: { 'SKU.JRTCKXETXF': term } }),
      Reserved: { 'SKU.38NPMPTW36': { priceDimensions: { 'SKU.38NPMPTW36.2TG2D8R56U': upfront }, termAttributes: {} } },
    },
    version: '20260810215758',
  });
}
const instance = (instanceType: string, ...prices: Price[]) =>
  product({ instanceType, usagetype: `BoxUsage:${instanceType}` }, prices, 'Compute Instance');

describe('products of the price list', () => {
  it('are instance types, volume types and the address that is in use', () => {
    const products = [
      instance('t3.medium', { USD: '0.0416000000' }),
      product({ volumeApiName: 'gp3', usagetype: 'EU-EBS:VolumeUsage.gp3' }, [{ USD: '0.0880000000' }], 'Storage'),
      product({ usagetype: 'EU-PublicIPv4:InUseAddress' }, [{ USD: '0.0050000000' }]),
      product({ usagetype: 'EU-PublicIPv4:IdleAddress' }, [{ USD: '0.0060000000' }]),
    ];
    expect(withProducts(none, products, 'USD')).toEqual({
      prices: { instanceHour: { 't3.medium': 0.0416 }, volumeMonth: { gp3: 0.088 }, addressHour: 0.005 },
      unreadable: 0,
    });
  });

  it('add to what is known, and replace it', () => {
    const known = { instanceHour: { 't3.medium': 0.05, 't2.nano': 0.0058 }, volumeMonth: { gp2: 0.1 }, addressHour: 0.004 };
    expect(withProducts(known, [instance('t3.medium', { USD: '0.0416000000' })], 'USD').prices).toEqual({
      ...known,
      instanceHour: { 't3.medium': 0.0416, 't2.nano': 0.0058 },
    });
    expect(known.instanceHour['t3.medium']).toBe(0.05);
  });

  it('have their prices in the currency of the partition', () => {
    const products = [instance('t3.medium', { CNY: '0.2629000000' })];
    expect(withProducts(none, products, 'CNY').prices.instanceHour).toEqual({ 't3.medium': 0.2629 });
    expect(withProducts(none, products, 'USD').prices).toEqual(none);
  });

  it.each([
    ['for nothing', [{ USD: '0.0000000000' }]],
    ['in tiers', [{ USD: '0.0416000000' }, { USD: '0.0200000000' }]],
    ['without an amount', [{}]],
    ['that are only reserved', []],
  ])('%s have no price on demand', (_, prices) => {
    expect(withProducts(none, [instance('p5.48xlarge', ...(prices as Price[]))], 'USD')).toEqual({ prices: none, unreadable: 0 });
  });

  it.each([
    '',
    '{',
    'null',
    '{}',
    '{"product":{"attributes":{}},"terms":{}}',
    '{"product":{"attributes":{"usagetype":"a"}},"terms":{"OnDemand":7}}',
  ])('that cannot be read are counted, and the others count: %s', (broken) => {
    const { prices, unreadable } = withProducts(none, [broken, instance('t3.micro', { USD: '0.0104000000' })], 'USD');
    expect([prices.instanceHour, unreadable]).toEqual([{ 't3.micro': 0.0104 }, 1]);
  });
});
