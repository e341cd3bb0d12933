import { type Clock, createClock } from '../../src/clock.ts';

/**
 * A clock that stands still, and jumps to the next time at which something is due, if that is not more than `farthest` milliseconds away. So
 * the times that a test sees are those that were planned, however busy the machine is.
 */
export function jumpingClock(farthest = 60_000): Clock {
  const begin = Date.now();
  const clock = createClock(() => begin);
  const due = new Set<number[]>();
  const jump = () => {
    const next = Math.min(...[...due].flat());
    if (next > clock.now() && next - clock.now() <= farthest) clock.advance(next - clock.now());
  };
  return {
    ...clock,
    at(when, what) {
      const entry = [when];
      due.add(entry);
      const cancel = clock.at(when, () => {
        due.delete(entry);
        what();
        if (due.size > 0) setImmediate(jump);
      });
      setImmediate(jump);
      return () => {
        due.delete(entry);
        cancel();
      };
    },
  };
}
