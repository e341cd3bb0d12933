/** What a step spends its time on besides its own work. The proof is a call to AWS, too, but one that other tools do not make. */
export type Activity = (typeof activities)[number];
// Of what goes on at once, the first counts.
const activities = ['aws', 'proof', 'waiting'] as const;

/** Measures one invocation. */
export interface Stopwatch {
  /** Does some work as part of an activity. */
  during<Answer>(activity: Activity, work: () => Promise<Answer>): Promise<Answer>;
  /** The milliseconds so far. While it waits and a call to AWS is in flight, too, only the call counts; of the proof and other calls, those. */
  read(): Readonly<Record<Activity | 'total', number>>;
}

/** Starts a stopwatch. `now` is a clock in milliseconds that never goes back. */
export function startStopwatch(now: () => number): Stopwatch {
  const begun = now();
  const spent = { aws: 0, proof: 0, waiting: 0 };
  const under = { aws: 0, proof: 0, waiting: 0 };
  let counted = begun;
  const count = () => {
    const at = now();
    const counting = activities.find((activity) => under[activity] > 0);
    if (counting) spent[counting] += at - counted;
    counted = at;
  };
  return {
    async during(activity, work) {
      count();
      under[activity] += 1;
      try {
        return await work();
      } finally {
        count();
        under[activity] -= 1;
      }
    },
    read() {
      count();
      return { ...spent, total: counted - begun };
    },
  };
}

// A sandbox has one invocation at a time. What an earlier one has left in flight still belongs to its own.
let current: Stopwatch | undefined;

/** Measures the current invocation with this stopwatch from now on. */
export function measureWith(stopwatch: Stopwatch): void {
  current = stopwatch;
}

/** Does some work as part of an activity of the current invocation. */
export function during<Answer>(activity: Activity, work: () => Promise<Answer>): Promise<Answer> {
  return current ? current.during(activity, work) : work();
}
