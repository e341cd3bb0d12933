import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import type { Clock } from '../clock.ts';
import type { Lambda } from '../lambda/lambda.ts';
import { StorageFailed } from '../storage.ts';
import type { Store } from '../store.ts';

/** Asynchronous invocations. The next process makes those that are not done when this one ends. */
export interface Invocations {
  /** Stores an invocation. It is made as soon as `begin` was called. */
  add(functionArn: string, event: unknown): void;
  /** Begins to invoke. */
  begin(): void;
  /** Stops invoking. The next process repeats what is in progress. */
  stop(): void;
}

/** Lambda repeats a failed invocation after one minute, and again after two. */
const pauses = [60_000, 120_000];
/** Lambda repeats a throttled invocation after one second, and then after twice as long each time, up to five minutes. */
const pauseAfterThrottling = (times: number) => Math.min(300_000, 1000 * 2 ** times);
/** Lambda repeats nothing that is older than six hours. */
const longestAge = 6 * 3_600_000;

/** Opens the invocations that an earlier process left. Throws `StateDamaged`. */
export function openInvocations({ clock, store, lambda }: { clock: Clock; store: Store; lambda: Pick<Lambda, 'invoke'> }): Invocations {
  const pending = new Map((store.read(file, (json) => v.parse(Document, json)) ?? []).map((one) => [one.id, one]));
  const cancels = new Map<string, () => void>();
  let state: 'waiting' | 'begun' | 'stopped' = 'waiting';

  const save = () => store.write(file, [...pending.values()]);
  const keep = (invocation: Pending) => {
    pending.set(invocation.id, invocation);
    save();
    if (state === 'begun') arm(invocation);
  };
  const arm = (invocation: Pending) => {
    cancels.set(
      invocation.id,
      clock.at(invocation.notBefore, () => {
        cancels.delete(invocation.id);
        void invoke(invocation);
      }),
    );
  };

  const invoke = async (invocation: Pending): Promise<void> => {
    const failure = await failureOf(lambda, invocation);
    // Its sandbox was killed with the process.
    if (failure !== undefined && state === 'stopped') return;
    const { id, functionArn, event, since, attempts, throttled = 0 } = invocation;
    const isThrottled = failure?.startsWith('Lambda.TooManyRequestsException') === true;
    const pause = isThrottled ? pauseAfterThrottling(throttled) : pauses[attempts];
    const notBefore = clock.now() + (pause ?? 0);
    if (failure !== undefined && pause !== undefined && notBefore - since <= longestAge)
      return keep({ ...invocation, ...(isThrottled ? { throttled: throttled + 1 } : { attempts: attempts + 1 }), notBefore });
    pending.delete(id);
    save();
    if (failure === undefined) return;
    const times = attempts + throttled === 0 ? 'once' : `${attempts + throttled + 1} times`;
    console.error(
      `${new Date().toISOString()} ${functionArn} failed ${times} and is not invoked again with ${JSON.stringify(event)}: ${failure}`,
    );
  };

  return {
    add(functionArn, event) {
      const now = clock.now();
      keep({ id: randomUUID(), functionArn, event, since: now, attempts: 0, notBefore: now });
    },
    begin() {
      state = 'begun';
      for (const invocation of pending.values()) arm(invocation);
    },
    stop() {
      state = 'stopped';
      for (const cancel of cancels.values()) cancel();
    },
  };
}

const file = 'eventbridge.json';
const Pending = v.strictObject({
  id: v.string(),
  functionArn: v.string(),
  event: v.unknown(),
  /** When it was added, in milliseconds since the epoch. */
  since: v.number(),
  /** How often it has failed. */
  attempts: v.number(),
  /** How often it was throttled. An earlier version did not store it. */
  throttled: v.optional(v.number()),
  /** When it is due, in milliseconds since the epoch. */
  notBefore: v.number(),
});
type Pending = v.InferOutput<typeof Pending>;
const Document = v.array(Pending);

/** Why the invocation failed; undefined if it succeeded. */
async function failureOf(lambda: Pick<Lambda, 'invoke'>, { functionArn, event }: Pending): Promise<string | undefined> {
  try {
    const invocation = await lambda.invoke(functionArn, event);
    return 'error' in invocation ? `${invocation.error}: ${invocation.cause}` : undefined;
  } catch (error) {
    if (error instanceof StorageFailed) throw error;
    // The function's code cannot be read.
    return String(error);
  }
}
