import ora, { type Ora } from 'ora';
import { paint, render, type Stream } from '../../output.ts';
import type { Painter, RunningStep } from './painter.ts';

const redrawMilliseconds = 250;
// A step that is done sooner is not worth a number.
const worthTelling = 100;

/** For terminals: a spinner above the steps that run, each with its seconds; what has ended stays as a line with its duration. */
export function terminalPainter(stream: Stream): Painter {
  const running = new Set<RunningStep>();
  const color = paint(stream, 'cyan', ' ') !== ' ' && 'cyan';
  // Left alone, stdin keeps what is typed ahead, and Ctrl-C stays a signal.
  const spinner: Ora = ora({ stream: stream.destination, discardStdin: false, isEnabled: true, color });
  let timer: NodeJS.Timeout | undefined;

  const text = () =>
    render(
      [...running]
        .map(({ sentence, since, detail = '' }, index) => {
          const seconds = Math.floor((Date.now() - since) / 1000);
          const beside = [seconds === 0 ? '' : `${seconds}s`, detail].filter((text) => text !== '').join('  ');
          return `${index === 0 ? '' : '  '}${sentence}${beside === '' ? '' : paint(stream, 'dim', `  ${beside}`)}`;
        })
        .join('\n'),
    );
  const hide = () => {
    clearInterval(timer);
    timer = undefined;
    spinner.stop();
  };
  const draw = () => {
    if (running.size === 0) return hide();
    spinner.text = text();
    if (timer) return;
    spinner.start();
    timer = setInterval(() => {
      spinner.text = text();
    }, redrawMilliseconds);
    timer.unref();
  };
  const line = (content: string) => {
    hide();
    stream.write(`${content}\n`);
    draw();
  };

  return {
    started(step) {
      running.add(step);
      draw();
    },
    // The spinner says that it goes on; what a polling state has seen meanwhile is noise.
    attemptFailed() {},
    ended(step, outcome, milliseconds) {
      running.delete(step);
      if (outcome === 'left') return draw();
      const sign = outcome === 'done' ? paint(stream, 'green', '✓') : paint(stream, 'red', '✗');
      line(`${sign} ${step.sentence}${milliseconds < worthTelling ? '' : paint(stream, 'dim', `  ${(milliseconds / 1000).toFixed(1)}s`)}`);
    },
    say: line,
    end() {
      running.clear();
      hide();
    },
  };
}
