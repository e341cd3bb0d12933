import type { GetProductsCommand, GetProductsCommandInput, GetProductsCommandOutput } from '@aws-sdk/client-pricing';
import { describe, expect, it, vi } from 'vitest';
import { writePrices } from '../../../aws/records/hold/prices.ts';
import { putItem } from '../../../aws/records/hold/table.ts';
import { readPrices } from '../../../aws/records/read/prices.ts';
import type { PricesRead } from '../../../core/document.ts';
import type { RecordedPrices } from '../../../core/prices.ts';
import { refreshPrices } from '../../../functions/upkeep/refresh-prices.ts';
import { type TestAccount, testAccount } from '../account.ts';

const hour = 3_600_000;
// What AWS's list has for what local/src/pricing/README.md names.
const ireland = { instanceHour: { 't3.micro': 0.0114, 'm5.xlarge': 0.214 }, volumeMonth: { standard: 0.055, gp2: 0.11, gp3: 0.088 } };
const virginia = {
  instanceHour: { 't3.medium': 0.0416, 't3.micro': 0.0104, 'm5.xlarge': 0.192 },
  volumeMonth: { standard: 0.05, gp2: 0.1, gp3: 0.08 },
};

const refresh = (account: TestAccount, prices?: PricesRead): Promise<PricesRead> =>
  account.run(refreshPrices, { ...(prices && { prices }) });
const recorded = ({ dynamodb }: TestAccount) => readPrices(dynamodb);
const asked = async ({ aws }: TestAccount) =>
  ((await aws.get('calls')) as { calls: { service: string }[] }).calls.filter(({ service }) => service === 'pricing');

async function accountIn(region: string): Promise<TestAccount> {
  const account = await testAccount({ region });
  account.stopClock();
  await account.createTable();
  return account;
}

/** From now on, AWS answers what the function makes of a request. */
function answers({ pricing }: TestAccount, answer: (input: GetProductsCommandInput) => Partial<GetProductsCommandOutput>): void {
  vi.spyOn(pricing, 'send').mockImplementation(async (command: unknown) => answer((command as GetProductsCommand).input));
}
const listed = (attributes: object, pricePerUnit: object) =>
  JSON.stringify({
    product: { attributes: { usagetype: 'u', ...attributes } },
    terms: { OnDemand: { term: { priceDimensions: { one: { pricePerUnit } } } } },
  });

describe('refreshPrices', () => {
  it.each([
    ['eu-west-1', ireland],
    ['us-east-1', virginia],
  ])('records the prices of the region, with their currency and when they were read: %s', async (region, prices) => {
    await using account = await accountIn(region);
    await refresh(account);
    const at = new Date(account.aws.clock.now()).toISOString();
    expect(await recorded(account)).toEqual({ format: 2, currency: 'USD', at, ...prices, addressHour: 0.005 });
  });

  it('asks for what is on demand with Linux, on shared hardware, and nothing else', async () => {
    await using account = await accountIn('us-east-1');
    await refresh(account);
    // The list also has m5.xlarge with Windows, SQL Server, dedicated hardware and unused reservations, and the price of IOPS.
    expect((await recorded(account))?.instanceHour['m5.xlarge']).toBe(0.192);
    expect((await recorded(account))?.volumeMonth.gp3).toBe(0.08);
  });

  it('asks again after a day, and not before', async () => {
    await using account = await accountIn('eu-west-1');
    await refresh(account);
    const first = (await asked(account)).length;
    account.aws.clock.advance(24 * hour - 1);
    expect(await refresh(account)).toEqual({ found: { instanceHour: {}, volumeMonth: {} } });
    expect(await asked(account)).toHaveLength(first);
    account.aws.clock.advance(1);
    await refresh(account);
    expect(await asked(account)).toHaveLength(2 * first);
    expect(Date.parse((await recorded(account))?.at ?? '')).toBe(account.aws.clock.now());
  });

  it('asks nothing where Recode is not installed, nor where there is no price list', async () => {
    await using account = await testAccount({ region: 'eu-west-1' });
    await refresh(account);
    expect(await asked(account)).toEqual([]);
    await using inGovCloud = await accountIn('us-gov-west-1');
    await refresh(inGovCloud);
    expect(await asked(inGovCloud)).toEqual([]);
    expect(await recorded(inGovCloud)).toBeUndefined();
  });

  it('records nothing if the table goes while it reads', async () => {
    await using account = await accountIn('eu-west-1');
    await account.aws.post('faults', {
      service: 'dynamodb',
      action: 'PutItem',
      kind: 'error',
      code: 'ResourceNotFoundException',
      message: 'Requested resource not found',
    });
    await expect(refresh(account)).resolves.toMatchObject({ found: ireland });
    expect(await recorded(account)).toBeUndefined();
  });

  it('reads every page, and continues where it left off when its time is over', async () => {
    await using account = await accountIn('eu-west-1');
    const pages: Record<string, readonly [string, string?]> = {
      first: [listed({ instanceType: 't3.nano' }, { USD: '0.0057' }), 'second'],
      second: [listed({ instanceType: 't3.micro' }, { USD: '0.0114' }), 'third'],
      third: [listed({ instanceType: 't3.small' }, { USD: '0.0228' })],
    };
    const tokens: unknown[] = [];
    answers(account, ({ Filters = [], NextToken = 'first' }) => {
      // A page takes four seconds.
      account.aws.clock.advance(4_000);
      if (!Filters.some(({ Value }) => Value === 'Compute Instance')) return { PriceList: [] };
      tokens.push(NextToken);
      const [product, token] = pages[NextToken] ?? [];
      return { PriceList: [String(product)], NextToken: token };
    });
    const results: PricesRead[] = [await refresh(account)];
    expect(results[0]).toEqual({
      found: { instanceHour: { 't3.nano': 0.0057, 't3.micro': 0.0114 }, volumeMonth: {} },
      next: { query: 0, token: 'third' },
    });
    expect(await recorded(account)).toBeUndefined();
    for (let last = results[0]; last?.next; last = results.at(-1)) results.push(await refresh(account, last));
    expect(tokens).toEqual(['first', 'second', 'third']);
    expect(results.length).toBeGreaterThan(2);
    expect((await recorded(account))?.instanceHour).toEqual({ 't3.nano': 0.0057, 't3.micro': 0.0114, 't3.small': 0.0228 });
  });

  it('keeps a price that the list no longer has, and takes the new one of another', async () => {
    await using account = await accountIn('eu-west-1');
    const old: RecordedPrices = {
      format: 2,
      currency: 'USD',
      at: new Date(account.aws.clock.now() - 24 * hour).toISOString(),
      instanceHour: { 'm1.small': 0.047, 't3.micro': 0.02 },
      volumeMonth: { gp2: 0.2, old: 1 },
      addressHour: 0.001,
    };
    await writePrices(account.dynamodb, old);
    await refresh(account);
    expect(await recorded(account)).toMatchObject({
      instanceHour: { 'm1.small': 0.047, ...ireland.instanceHour },
      volumeMonth: { ...ireland.volumeMonth, old: 1 },
      addressHour: 0.005,
    });
  });

  it('records nothing of a list without instance types, and leaves what was recorded', async () => {
    await using account = await accountIn('eu-west-3');
    const warn = vi.spyOn(account.logger, 'warn').mockImplementation(() => undefined);
    const at = new Date(account.aws.clock.now() - 24 * hour).toISOString();
    const old: RecordedPrices = {
      format: 2,
      currency: 'USD',
      at,
      instanceHour: { 't3.micro': 0.0118 },
      volumeMonth: {},
      addressHour: 0.005,
    };
    await writePrices(account.dynamodb, old);
    expect(await refresh(account)).toEqual({ found: { instanceHour: {}, volumeMonth: {} } });
    expect(await recorded(account)).toEqual(old);
    expect(warn).toHaveBeenCalledWith('The price list has no instance types', { region: 'eu-west-3' });
  });

  it('takes an address that is not in the list for one that is free', async () => {
    await using account = await accountIn('cn-north-1');
    answers(account, ({ ServiceCode }) => ({
      PriceList: ServiceCode === 'AmazonEC2' ? [listed({ instanceType: 't3.medium' }, { CNY: '0.2629000000' })] : [],
    }));
    await refresh(account);
    expect(await recorded(account)).toMatchObject({ currency: 'CNY', instanceHour: { 't3.medium': 0.2629 }, addressHour: 0 });
  });

  it('skips products that it cannot read, and says how many', async () => {
    await using account = await accountIn('eu-west-1');
    const warn = vi.spyOn(account.logger, 'warn').mockImplementation(() => undefined);
    answers(account, ({ Filters = [] }) => ({
      PriceList: Filters.some(({ Value }) => Value === 'Shared') ? ['{', listed({ instanceType: 't3.nano' }, { USD: '0.0057' }), '{}'] : [],
    }));
    await refresh(account);
    expect((await recorded(account))?.instanceHour).toEqual({ 't3.nano': 0.0057 });
    expect(warn).toHaveBeenCalledWith(expect.any(String), { service: 'AmazonEC2', count: 2 });
  });

  it.each([
    ['ThrottlingException', 'RequestThrottled'],
    ['AccessDeniedException', 'PermissionMissing'],
    ['InternalErrorException', 'AwsUnavailable', 500],
    ['ExpiredNextTokenException', 'AwsRefused'],
  ])('fails by name when AWS answers %s, and records nothing', async (code, name, status = 400) => {
    await using account = await accountIn('eu-west-1');
    await account.aws.post('faults', { service: 'pricing', action: 'GetProducts', kind: 'error', code, message: 'No.', status, skip: 2 });
    expect(await account.refusal(refreshPrices, {})).toMatchObject({ name });
    expect(await recorded(account)).toBeUndefined();
  });

  it('fails on a record that it cannot read, instead of replacing it', async () => {
    await using account = await accountIn('eu-west-1');
    await putItem(account.dynamodb, { kind: 'prices', id: 'prices' }, { format: 3 });
    expect(await account.refusal(refreshPrices, {})).toMatchObject({ name: 'RecordNewerThanStack' });
  });

  it('fits many times into an item, and into the state document, with more types than AWS has', async () => {
    await using account = await accountIn('us-east-1');
    const types = Array.from({ length: 2_000 }, (_, index) => `u7inh-32tb${index}.480xlarge`);
    answers(account, ({ Filters = [] }) => ({
      PriceList: Filters.some(({ Value }) => Value === 'Shared')
        ? types.map((instanceType) => listed({ instanceType }, { USD: '0.1234567891' }))
        : [],
    }));
    const result = await refresh(account);
    // https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html and
    // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
    expect(JSON.stringify(result).length).toBeLessThan(262_144 / 2);
    expect(JSON.stringify(await recorded(account)).length).toBeLessThan(409_600 / 4);
    expect(Object.keys((await recorded(account))?.instanceHour ?? {})).toHaveLength(2_000);
  });
});
