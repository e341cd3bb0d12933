import { setTimeout } from 'node:timers/promises';

/** How long a check may take, in milliseconds. */
export const checkPatience = 5_000;

/** The answer, or `late` if it takes too long. What is asked goes on. Throws what it throws in time. */
export async function inTime<Answer>(asking: Promise<Answer>, patience = checkPatience): Promise<Answer | 'late'> {
  const timer = new AbortController();
  // After the patience, nobody is left to hear of it.
  asking.catch(() => {});
  try {
    return await Promise.race([asking, setTimeout(patience, 'late' as const, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}

/** As a sentence. */
export const tookTooLong = `There was no answer within ${checkPatience / 1000} seconds.`;
