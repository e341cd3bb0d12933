import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { allEnded } from '../../aws/all-ended.ts';

it('resolves to all results, in their order', async () => {
  expect(await allEnded([sleep(2, 'slow'), Promise.resolve(1)])).toEqual(['slow', 1]);
});

it('fails with the first failure in their order, once all have ended', async () => {
  let ended = false;
  const slow = sleep(5).then(() => {
    ended = true;
    throw new Error('slow');
  });
  await expect(allEnded([Promise.resolve(1), slow, Promise.reject(new Error('fast'))])).rejects.toThrow('slow');
  expect(ended).toBe(true);
});
