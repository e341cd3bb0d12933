import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Holder, type Lock, takeLock, watchLock } from '../../src/control/lock.ts';

let directory: string;
let lock: Lock;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'lock-'));
  lock = (await takeLock(directory)) as Lock;
});
afterEach(() => rmSync(directory, { recursive: true }));

const watch = async () => (await watchLock(directory)) as Holder;

it('is one process’s at a time', async () => {
  expect(await takeLock(directory)).toBeUndefined();
  await lock.release();
  expect(await watchLock(directory)).toBeUndefined();
  const next = await takeLock(directory);
  expect(next).toBeDefined();
  await next?.release();
});

it('tells who watches it, before and after, that its holder is ready', async () => {
  const early = await watch();
  lock.announce();
  const late = await watch();
  expect(await Promise.all([early.ready, late.ready])).toEqual([true, true]);
  for (const { stopWatching } of [early, late]) stopWatching();
  await lock.release();
});

it('tells nobody that its holder is ready once it is about to end', async () => {
  lock.announce();
  lock.withdraw();
  const { ready, ended } = await watch();
  await lock.release();
  expect(await ready).toBe(false);
  await ended;
});
