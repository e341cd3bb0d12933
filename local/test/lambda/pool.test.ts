import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it, vi } from 'vitest';
import type { StackFunction } from '../../src/lambda/functions.ts';
import { isAlive, payloadOf, useLambda, whoAmI } from './functions.ts';

const { deploy, directory, lambda, make } = useLambda();

describe('the pool', () => {
  it('never has more sandboxes than its limit', async () => {
    const first = make('first', whoAmI);
    const second = make('second', whoAmI);
    deploy([first, second], { limit: 2 });
    const seen = new Set<number>();
    let most = 0;
    const invocations = Array.from({ length: 12 }, async (_, index) => {
      const { pid } = await payloadOf(lambda().invoke(index % 3 ? first.arn : second.arn, { sleep: 20 }));
      seen.add(pid);
      most = Math.max(most, [...seen].filter(isAlive).length);
    });
    await Promise.all(invocations);
    expect(invocations).toHaveLength(12);
    expect(most).toBeLessThanOrEqual(2);
  });

  it('ends the sandbox that is idle the longest when another function needs its place', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => make(name, whoAmI)) as [StackFunction, StackFunction, StackFunction];
    deploy([a, b, c], { limit: 2 });
    const ofA = await payloadOf(lambda().invoke(a.arn, {}));
    const ofB = await payloadOf(lambda().invoke(b.arn, {}));
    await payloadOf(lambda().invoke(a.arn, {}));
    await payloadOf(lambda().invoke(c.arn, {}));
    expect(lambda().ownerOf(ofB.accessKeyId)).toBeUndefined();
    expect(await payloadOf(lambda().invoke(a.arn, {}))).toEqual(ofA);
  });

  it('waits a moment for a busy sandbox of the function before it starts another one', async () => {
    const who = make('who', holding(directory()));
    deploy([who]);
    const first = await payloadOf(lambda().invoke(who.arn, {}));
    expect(await Promise.all([1, 2, 3].map(() => payloadOf(lambda().invoke(who.arn, {}))))).toEqual([first, first, first]);
    const held = [1, 2, 3].map(() => payloadOf(lambda().invoke(who.arn, { hold: true })));
    await vi.waitFor(() => expect(holders(directory())).toHaveLength(3), { timeout: 20_000 });
    release(directory());
    expect(new Set((await Promise.all(held)).map(({ pid }) => pid)).size).toBe(3);
  });

  it('waits a moment for a busy sandbox of the function before it ends one of another function', async () => {
    const [a, b] = [make('a', whoAmI), make('b', holding(directory()))];
    deploy([a, b], { limit: 2 });
    const ofA = await payloadOf(lambda().invoke(a.arn, {}));
    const ofB = await payloadOf(lambda().invoke(b.arn, {}));
    expect(await Promise.all([1, 2].map(() => payloadOf(lambda().invoke(b.arn, {}))))).toEqual([ofB, ofB]);
    expect(lambda().ownerOf(ofA.accessKeyId)).toBeDefined();
    const held = payloadOf(lambda().invoke(b.arn, { hold: true }));
    expect(await payloadOf(lambda().invoke(b.arn, {}))).not.toEqual(ofB);
    expect(lambda().ownerOf(ofA.accessKeyId)).toBeUndefined();
    release(directory());
    expect(await held).toEqual(ofB);
  });

  it('ends a sandbox that is idle for a minute', async () => {
    const who = make('who', whoAmI);
    deploy([who]);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { pid } = await payloadOf(lambda().invoke(who.arn, {}));
      vi.advanceTimersByTime(59_000);
      expect((await payloadOf(lambda().invoke(who.arn, {}))).pid).toBe(pid);
      vi.advanceTimersByTime(59_000);
      expect(isAlive(pid)).toBe(true);
      vi.advanceTimersByTime(2_000);
      await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
    } finally {
      vi.useRealTimers();
    }
  });

  it('serves waiting invocations in order', async () => {
    const [a, b] = ['a', 'b'].map((name) => make(name, whoAmI)) as [StackFunction, StackFunction];
    deploy([a, b], { limit: 1 });
    const order: string[] = [];
    const ask = ({ arn }: StackFunction, label: string) =>
      lambda()
        .invoke(arn, {})
        .then(() => order.push(label));
    await Promise.all([ask(a, 'a1'), ask(b, 'b1'), ask(a, 'a2'), ask(b, 'b2')]);
    expect(order).toEqual(['a1', 'b1', 'a2', 'b2']);
  });

  it('keeps a sandbox for each of 36 functions', async () => {
    const functions = Array.from({ length: 36 }, (_, index) => make(`step-${index}`, whoAmI));
    deploy(functions);
    const askAll = () => Promise.all(functions.map(({ arn }) => payloadOf(lambda().invoke(arn, {}))));
    const first = await askAll();
    expect(await askAll()).toEqual(first);
  });

  it('does not begin an aborted invocation, and does not end one that has begun', async () => {
    const who = make(
      'who',
      `let calls = 0; export const handler = async ({ sleep = 0 }) => {
      calls += 1;
      await new Promise((resolve) => setTimeout(resolve, sleep));
      return { calls };
    };`,
    );
    deploy([who], { limit: 1 });
    const abort = new AbortController();
    const begun = lambda().invoke(who.arn, { sleep: 300 }, abort.signal);
    const waiting = lambda().invoke(who.arn, {}, abort.signal);
    await new Promise((resolve) => setTimeout(resolve, 200));
    abort.abort();
    expect(await waiting).toMatchObject({ error: 'Lambda.ServiceException', cause: 'The caller is gone.' });
    expect(await payloadOf<{ calls: number }>(begun)).toEqual({ calls: 1 });
    expect(await lambda().invoke(who.arn, {}, abort.signal)).toMatchObject({ error: 'Lambda.ServiceException' });
    expect(await payloadOf<{ calls: number }>(lambda().invoke(who.arn, {}))).toEqual({ calls: 2 });
  });

  it('ends running and waiting invocations when it stops', async () => {
    const who = make('who', whoAmI);
    deploy([who], { limit: 1 });
    await payloadOf(lambda().invoke(who.arn, {}));
    const running = lambda().invoke(who.arn, { sleep: 30_000 });
    const waiting = lambda().invoke(who.arn, {});
    await new Promise((resolve) => setTimeout(resolve, 50));
    await lambda().stop();
    expect(await running).toMatchObject({ error: 'Runtime.ExitError' });
    expect(await waiting).toMatchObject({ error: 'Lambda.ServiceException' });
    expect(await lambda().invoke(who.arn, {})).toMatchObject({ error: 'Lambda.ServiceException' });
  });

  it('refuses a zip with a file outside itself', async () => {
    const evil = make('evil', whoAmI);
    writeFileSync(evil.zipFile, zipSync({ '../../escaped.mjs': strToU8('1') }));
    await expect(deploy([evil]).invoke(evil.arn, {})).rejects.toThrow('outside itself');
  });
});

/** Returns its process and access key: at once, or with `hold` when the test releases it. */
const holding = (folder: string) => `import { existsSync, writeFileSync } from 'node:fs';
export const handler = async ({ hold = false }) => {
  if (hold) writeFileSync('${folder}/holder-' + process.pid, '');
  while (hold && !existsSync('${folder}/release')) await new Promise((resolve) => setTimeout(resolve, 5));
  return { pid: process.pid, accessKeyId: process.env.AWS_ACCESS_KEY_ID };
};`;
const holders = (folder: string) => readdirSync(folder).filter((name) => name.startsWith('holder-'));
const release = (folder: string) => writeFileSync(join(folder, 'release'), '');
