import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Clock, createClock } from '../../src/clock.ts';
import type { StackFunction } from '../../src/lambda/functions.ts';
import { jumpingClock } from '../harness/jumping-clock.ts';
import { isAlive, payloadOf, useLambda, whoAmI } from './functions.ts';

const { deploy: deployed, directory, lambda, make } = useLambda();
let clock: Clock;
afterEach(() => clock.stop());

function deploy(
  functions: StackFunction[],
  { limit, latency = 'calibrated', ...rest }: { limit?: number; latency?: string; clock?: Clock } = {},
): void {
  clock = rest.clock ?? jumpingClock(20_000);
  deployed(functions, { clock, ...(limit === undefined ? {} : { limit }) });
  lambda().admin('POST', { latency });
}

/** The time that an invocation takes on the clock. */
async function taken(lambdaFunction: StackFunction, event: unknown = {}): Promise<number> {
  const begun = clock.now();
  await payloadOf(lambda().invoke(lambdaFunction.arn, event));
  return clock.now() - begun;
}

const aTenthOfACpu = 177;

/** Uses a CPU for that many milliseconds. */
const work = `const work = (milliseconds) => {
  const before = process.cpuUsage();
  for (let used = 0; used < milliseconds * 1000; ) {
    const { user, system } = process.cpuUsage(before);
    used = user + system;
  }
};`;

describe('calibrated latency', () => {
  it('counts the CPU time that a new sandbox takes to load its code, and not the waiting of a handler', async () => {
    const source = `${work} work(80);
      export const handler = ({ sleep = 0 }) => new Promise((resolve) => setTimeout(resolve, sleep));`;
    const who = make('who', source, { memoryMegabytes: aTenthOfACpu });
    deploy([who]);
    // A part of the CPU time can be that of another thread.
    expect(await taken(who)).toBeGreaterThan(350 + 0.8 * 800);
    expect(await taken(who, { sleep: 500 })).toBeLessThan(20 + 500);
  });

  it.each(['return 1', 'throw new Error("no")'])(
    'takes at least the CPU time on the share of the function for a handler: %s',
    async (end) => {
      const who = make('who', `${work} export const handler = async () => { work(100); ${end}; };`, { memoryMegabytes: aTenthOfACpu });
      deploy([who], { clock: createClock() });
      await lambda().invoke(who.arn, {});
      const begun = clock.now();
      await lambda().invoke(who.arn, {});
      expect(clock.now() - begun).toBeGreaterThan(20 + 0.8 * 1000);
    },
  );

  it('gives each invocation a sandbox of its own', async () => {
    const who = make('who', whoAmI);
    deploy([who]);
    const first = await payloadOf(lambda().invoke(who.arn, {}));
    const three = await Promise.all([1, 2, 3].map(() => payloadOf(lambda().invoke(who.arn, {}))));
    expect(new Set(three.map(({ pid }) => pid)).size).toBe(3);
    expect(three).toContainEqual(first);
    const again = await Promise.all([1, 2, 3].map(() => payloadOf(lambda().invoke(who.arn, {}))));
    expect(new Set(again.map(({ pid }) => pid))).toEqual(new Set(three.map(({ pid }) => pid)));
  });

  it('never lets the sandbox of a function wait for that of another one', async () => {
    const [a, b] = [make('a', holding(directory())), make('b', whoAmI)];
    deploy([a, b]);
    const first = await payloadOf(lambda().invoke(b.arn, {}));
    const held = payloadOf(lambda().invoke(a.arn, {}));
    await vi.waitFor(() => expect(holders(directory())).toHaveLength(1), { timeout: 20_000 });
    expect(await payloadOf(lambda().invoke(b.arn, {}))).toEqual(first);
    release(directory());
    await held;
  });

  it('ends idle sandboxes beyond its limit, but does not let an invocation wait', async () => {
    const [a, b] = [make('a', whoAmI), make('b', holding(directory()))];
    deploy([a, b], { limit: 1 });
    const { pid } = await payloadOf(lambda().invoke(a.arn, {}));
    const held = [1, 2].map(() => payloadOf(lambda().invoke(b.arn, {})));
    await vi.waitFor(() => expect(holders(directory())).toHaveLength(2), { timeout: 20_000 });
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 20_000 });
    release(directory());
    await Promise.all(held);
  });

  it('ends a sandbox that is idle for ten minutes of the clock', async () => {
    const who = make('who', whoAmI);
    deploy([who]);
    const { pid } = await payloadOf(lambda().invoke(who.arn, {}));
    clock.advance(570_000);
    expect((await payloadOf(lambda().invoke(who.arn, {}))).pid).toBe(pid);
    clock.advance(570_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isAlive(pid)).toBe(true);
    clock.advance(30_000);
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 20_000 });
  });

  it('ends an invocation whose sandbox is not ready when Lambda stops', async () => {
    const who = make('who', whoAmI);
    deploy([who], { clock: createClock(() => 1_700_000_000_000) });
    const invocation = lambda().invoke(who.arn, {});
    await vi.waitFor(() => expect(lambda().admin('GET', undefined).underWay).toEqual(['who']));
    clock.stop();
    await lambda().stop();
    expect(await invocation).toMatchObject({ error: 'Runtime.ExitError' });
  });
});

describe('the concurrency', () => {
  it.each(['instant', 'calibrated'])('refuses an invocation too many at once with the latency %s', async (latency) => {
    const [a, b] = [make('a', holding(directory())), make('b', whoAmI)];
    deploy([a, b], { latency });
    expect(lambda().admin('POST', { concurrency: 2 })).toEqual({ underWay: [], latency, concurrency: 2, environment: {} });
    const held = [1, 2].map(() => payloadOf(lambda().invoke(a.arn, {})));
    // As recorded in github.com/aws-samples/amazon-textract-idp-cdk-constructs/issues/94.
    expect(await lambda().invoke(b.arn, {})).toEqual({
      error: 'Lambda.TooManyRequestsException',
      cause: expect.stringMatching(
        /^Rate Exceeded\. \(Service: AWSLambda; Status Code: 429; Error Code: TooManyRequestsException; Request ID: [\da-f-]{36}; Proxy: null\)$/,
      ),
    });
    release(directory());
    await Promise.all(held);
    await payloadOf(lambda().invoke(b.arn, {}));
  });

  it('is that of the latency unless it is set', () => {
    deploy([make('a', whoAmI)]);
    const concurrency = (method: string, body?: object) => lambda().admin(method, body).concurrency;
    expect(concurrency('GET')).toBeNull();
    // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    expect(concurrency('POST', { latency: 'throttled' })).toBe(1000);
    expect(concurrency('POST', { concurrency: 10 })).toBe(10);
    expect(concurrency('POST', { concurrency: null })).toBe(1000);
    expect(lambda().admin('DELETE', undefined)).toEqual({ underWay: [], latency: 'instant', concurrency: null, environment: {} });
    expect(() => lambda().admin('POST', { concurrency: 0 })).toThrow();
    expect(() => lambda().admin('POST', { latency: 'slow' })).toThrow();
  });
});

/** Returns when the test releases it. */
const holding = (folder: string) => `import { existsSync, writeFileSync } from 'node:fs';
export const handler = async () => {
  writeFileSync('${folder}/holder-' + process.pid, '');
  while (!existsSync('${folder}/release')) await new Promise((resolve) => setTimeout(resolve, 5));
  return { pid: process.pid };
};`;
const holders = (folder: string) => readdirSync(folder).filter((name) => name.startsWith('holder-'));
const release = (folder: string) => {
  if (!existsSync(join(folder, 'release'))) writeFileSync(join(folder, 'release'), '');
};
