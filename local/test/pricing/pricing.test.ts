import { GetAttributeValuesCommand, GetProductsCommand, type GetProductsCommandInput, PricingClient } from '@aws-sdk/client-pricing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPricing } from '../../src/pricing/pricing.ts';
import { refusal, serve } from '../ec2/server.ts';

let server: Awaited<ReturnType<typeof serve>>;
let client: PricingClient;
const clientIn = (region: string) =>
  new PricingClient({
    endpoint: server.endpoint,
    region,
    credentials: { accessKeyId: 'alice', secretAccessKey: 'secret' },
    maxAttempts: 1,
  });
beforeAll(async () => {
  server = await serve(createPricing());
  client = clientIn('us-east-1');
});
afterAll(async () => {
  client.destroy();
  await server.stop();
});

interface Product {
  readonly product: { readonly sku: string; readonly productFamily?: string; readonly attributes: Readonly<Record<string, string>> };
  readonly serviceCode: string;
  readonly terms: { readonly OnDemand: Readonly<Record<string, unknown>> };
}

const request = (ServiceCode: string, attributes: Readonly<Record<string, string>>, rest: Partial<GetProductsCommandInput> = {}) =>
  client.send(
    new GetProductsCommand({
      ServiceCode,
      Filters: Object.entries(attributes).map(([Field, Value]) => ({ Type: 'TERM_MATCH', Field, Value })),
      ...rest,
    }),
  );
async function skus(...given: Parameters<typeof request>): Promise<string[]> {
  const { PriceList = [] } = await request(...given);
  return PriceList.map((text: unknown) => (JSON.parse(String(text)) as Product).product.sku);
}

// The SKUs and prices are those of AWS, from the recordings that src/pricing/README.md names.
describe('GetProducts', () => {
  it('answers products as JSON texts in the format aws_v1', async () => {
    const { FormatVersion, NextToken, PriceList = [] } = await request('AmazonEC2', { regionCode: 'eu-west-1', instanceType: 't3.micro' });
    expect([FormatVersion, NextToken, PriceList.length]).toEqual(['aws_v1', undefined, 1]);
    expect(JSON.parse(String(PriceList[0]))).toMatchObject({
      product: {
        productFamily: 'Compute Instance',
        attributes: { location: 'EU (Ireland)', servicecode: 'AmazonEC2', usagetype: 'EU-BoxUsage:t3.micro', vcpu: '2' },
        sku: 'DXH6X4VVFUT4EUU5',
      },
      serviceCode: 'AmazonEC2',
      terms: {
        OnDemand: {
          'DXH6X4VVFUT4EUU5.JRTCKXETXF': {
            offerTermCode: 'JRTCKXETXF',
            priceDimensions: {
              'DXH6X4VVFUT4EUU5.JRTCKXETXF.6YS6EN2CT7': {
                unit: 'Hrs',
                beginRange: '0',
                endRange: 'Inf',
                pricePerUnit: { USD: '0.0114000000' },
              },
            },
          },
        },
      },
      version: '20260910195514',
      publicationDate: '2026-09-10T19:55:14Z',
    });
  });

  it('answers the products that match all filters', async () => {
    const m5 = { regionCode: 'us-east-1', instanceType: 'm5.xlarge' };
    expect(await skus('AmazonEC2', m5)).toHaveLength(5);
    const usual = { operatingSystem: 'Linux', preInstalledSw: 'NA', capacitystatus: 'Used', tenancy: 'Shared' };
    expect(await skus('AmazonEC2', { ...m5, ...usual })).toEqual(['5G4TA8Z4MUKE6MJB']);
    expect(await skus('AmazonEC2', { ...m5, tenancy: 'Dedicated' })).toEqual(['AN9HBCS6XCP64Z83']);
    expect(await skus('AmazonEC2', { regionCode: 'us-east-1', productFamily: 'Storage', volumeApiName: 'gp3' })).toEqual([
      'JG3KUJMBRGHV3N8G',
    ]);
    expect(await skus('AmazonEC2', { regionCode: 'us-east-1', volumeApiName: 'gp3', ServiceCode: 'AmazonEC2' })).toHaveLength(2);
    expect(await skus('AmazonVPC', { regionCode: 'eu-west-1', group: 'VPCPublicIPv4Address' })).toEqual([
      'CNZ4XSXPRJXGA4ZF',
      'MHVKGXCT3GPZ4RVC',
    ]);
  });

  it.each<Readonly<Record<string, string>>>([
    { regionCode: 'eu-west-3' },
    { instanceType: 't9.huge' },
    { toString: 'x' },
    { regionCode: 'us-east-1', group: 'NAT' },
  ])('has no product for others: %j', async (attributes) => {
    expect(await skus('AmazonEC2', attributes)).toEqual([]);
  });

  it('answers page by page, each product once', async () => {
    const all = await skus('AmazonEC2', {});
    const found: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await request('AmazonEC2', {}, { MaxResults: 4, NextToken });
      expect(page.PriceList?.length).toBeLessThanOrEqual(4);
      found.push(...(page.PriceList ?? []).map((text: unknown) => (JSON.parse(String(text)) as Product).product.sku));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(found).toEqual(all);
    expect(new Set(found).size).toBe(all.length);
  });

  it('refuses tokens of other queries, and those that are none', async () => {
    const { NextToken } = await request('AmazonEC2', {}, { MaxResults: 1 });
    for (const token of [NextToken, 'token']) {
      expect(await refusal(request('AmazonEC2', { regionCode: 'us-east-1' }, { NextToken: token }))).toMatchObject({
        code: 'InvalidNextTokenException',
      });
    }
  });

  it.each<[string, Partial<GetProductsCommandInput>]>([
    ['MaxResults', { MaxResults: 0 }],
    ['MaxResults', { MaxResults: 101 }],
    ['FormatVersion', { FormatVersion: 'aws_v2' }],
    ['Filters.0.Type', { Filters: [{ Type: 'CONTAINS', Field: 'instanceType', Value: 't3' }] }],
    ['Filters.0.Value', { Filters: [{ Type: 'TERM_MATCH', Field: 'instanceType', Value: undefined }] }],
  ])('refuses %s of %j', async (name, rest) => {
    const refused = await refusal(request('AmazonEC2', {}, rest));
    expect(refused).toMatchObject({ code: 'InvalidParameterException' });
    expect(refused.message).toContain(`${name}: `);
  });

  it('refuses what it does not have: other services, actions and endpoints', async () => {
    const unsupported = { code: 'UnsupportedOperation' };
    expect(await refusal(request('AmazonS3', {}))).toMatchObject(unsupported);
    expect(await refusal(client.send(new GetAttributeValuesCommand({ ServiceCode: 'AmazonEC2', AttributeName: 'vcpu' })))).toMatchObject(
      unsupported,
    );
    const elsewhere = clientIn('eu-west-1');
    expect(await refusal(elsewhere.send(new GetProductsCommand({ ServiceCode: 'AmazonEC2' })))).toMatchObject(unsupported);
    elsewhere.destroy();
  });
});
