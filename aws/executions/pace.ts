/**
 * How long to wait between two reads of an execution's history, in milliseconds. AWS answers an account's GetExecutionHistory 20 times a
 * second, and 400 times in a row after a rest. (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html)
 */
export interface Pace {
  /** The next wait. */
  next(): number;
  /** AWS has refused a read, or made it wait: too many ask at once. From now on, this follower asks rarely. */
  crowded(): void;
  /** The execution is about to end: its last event is needed at once. */
  hurry(): void;
}

/** What a follower knows besides the history. */
export interface Company {
  /** Whether something else tells it of the end, so that the history is read for the progress only. */
  watched(): boolean;
  /** Whether the next event is more than progress: the connection begins with it. */
  eager(): boolean;
}

const first = 250;
const growth = 1.2;
const longest = 3_000;
// Of 200 followers that something else tells of the end, 17 ask in a second.
const longestWatched = 12_000;
const longestEager = 1_000;
const mostEager = 40;
const crowdedWaits = { watched: { first: 12_000, longest: 30_000 }, alone: { first: 3_000, longest: 10_000 } };
const crowdedGrowth = 1.5;
const hurried = { first: 100, growth: 1.25, most: 15 };

/**
 * The pace of one follower: quick at the beginning, where one step follows the other, then slower and slower.
 *
 * @param random a number from 0 to 1, which spreads those who began together
 */
export function paceOf({ watched, eager }: Company, random: () => number = Math.random): Pace {
  let wait = first;
  let crowded = 0;
  let hurries = 0;
  let hurry = 0;
  let eagerLeft = mostEager;
  const spread = (milliseconds: number) => milliseconds * (0.75 + random() / 2);

  const usual = () => {
    if (crowded > 0) return crowded;
    const now = wait;
    wait = Math.min(wait * growth, watched() ? longestWatched : longest);
    if (!eager() || eagerLeft === 0) return now;
    eagerLeft -= 1;
    return Math.min(now, longestEager);
  };

  return {
    next() {
      if (hurries === 0) return spread(usual());
      hurries -= 1;
      const now = hurry;
      hurry *= hurried.growth;
      return spread(now);
    },
    crowded() {
      const { first, longest } = crowdedWaits[watched() ? 'watched' : 'alone'];
      crowded = crowded === 0 ? first : Math.min(crowded * crowdedGrowth, longest);
    },
    hurry() {
      hurries = hurried.most;
      hurry = hurried.first;
    },
  };
}
