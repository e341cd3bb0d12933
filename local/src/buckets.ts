import type { Clock } from './clock.ts';

/** A limit in AWS's manner: a bucket with so many tokens at first and at most, refilled steadily. */
export interface Limit {
  readonly capacity: number;
  readonly perSecond: number;
}

/** Token buckets on the clock. Each is full when it is used first. */
export interface Buckets {
  /** Takes tokens from the bucket of that name. Returns false, and takes none, if it has too few. */
  take(name: string, limit: Limit, tokens?: number): boolean;
  /** Takes a token, perhaps one of the future, and returns how many milliseconds to wait for it. */
  reserve(name: string, limit: Limit): number;
}

export function createBuckets(clock: Clock): Buckets {
  const buckets = new Map<string, { tokens: number; at: number }>();

  const filled = (name: string, { capacity, perSecond }: Limit) => {
    const at = clock.now();
    const last = buckets.get(name) ?? { tokens: capacity, at };
    const bucket = { tokens: Math.min(capacity, last.tokens + ((at - last.at) / 1000) * perSecond), at };
    buckets.set(name, bucket);
    return bucket;
  };

  return {
    take(name, limit, tokens = 1) {
      const bucket = filled(name, limit);
      if (bucket.tokens < tokens) return false;
      bucket.tokens -= tokens;
      return true;
    },
    reserve(name, limit) {
      const bucket = filled(name, limit);
      bucket.tokens -= 1;
      return Math.max(0, (-bucket.tokens / limit.perSecond) * 1000);
    },
  };
}
