import type { Stream } from '../../output.ts';
import type { Painter, RunningStep } from './painter.ts';

const remindMilliseconds = 30_000;

/** For logs and pipes: a line when a step begins, no escape codes, and a sign of life every half minute that it takes. */
export function plainPainter(stream: Stream, now: () => number = Date.now): Painter {
  const reminded = new WeakMap<RunningStep, number>();
  return {
    started(step) {
      reminded.set(step, now());
      stream.write(`${step.sentence}\n`);
    },
    attemptFailed(step, message) {
      if (now() - (reminded.get(step) ?? 0) < remindMilliseconds) return;
      reminded.set(step, now());
      stream.write(`Still waiting: ${message.split('\n')[0]}\n`);
    },
    ended() {},
    say(line) {
      stream.write(`${line}\n`);
    },
    end() {},
  };
}
