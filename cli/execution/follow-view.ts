import type { ExecutionEvent } from '../../aws/executions/executions.ts';
import { isInteractive, type Output, oneLine, progressOf } from '../output.ts';
import type { Painter, RunningStep } from './follow-view/painter.ts';

/** Shows what is going on while it happens. */
export interface FollowView {
  /** Shows what an execution does. */
  show(event: ExecutionEvent): void;
  /** Shows work of the CLI's own in the same way. On a terminal, `detail` shows how far it is. */
  during<Answer>(sentence: string, work: (detail: (text: string) => void) => Promise<Answer>): Promise<Answer>;
  /** A line between the steps. */
  say(line: string): void;
  /** Takes away what is still being drawn. Nothing is shown afterwards. */
  end(): void;
}

/** The view for a stream: drawn again and again on a terminal, a line a step anywhere else. */
export async function openFollowView(output: Output, variables: NodeJS.ProcessEnv): Promise<FollowView> {
  const stream = progressOf(output);
  if (!isInteractive(stream, variables)) {
    const { plainPainter } = await import('./follow-view/plain.ts');
    return followView(plainPainter(stream));
  }
  const { terminalPainter } = await import('./follow-view/terminal.ts');
  return followView(terminalPainter(stream));
}

/** Tracks the running steps for a painter. States of one name run once at a time. */
export function followView(painter: Painter): FollowView {
  const running = new Map<string, { step: RunningStep; enteredAt: number }>();
  let ended = false;

  const leave = (state: string, outcome: 'done' | 'failed' | 'left', at: number) => {
    const found = running.get(state);
    if (!found) return;
    running.delete(state);
    painter.ended(found.step, outcome, Math.max(0, at - found.enteredAt));
  };
  const enter = (state: string, sentence: string, at: number) => {
    const step: RunningStep = { sentence: oneLine(sentence), since: Date.now() };
    running.set(state, { step, enteredAt: at });
    painter.started(step);
    return step;
  };
  // What another operation holds has not failed; the steps that a finished execution never left have not either.
  const leaveAll = (outcome: 'failed' | 'left', at: number) => {
    for (const state of [...running.keys()]) leave(state, outcome, at);
  };

  return {
    show(event) {
      if (ended) return;
      const at = event.at.getTime();
      if (event.type === 'state-entered') enter(event.state, event.sentence, at);
      else if (event.type === 'state-exited') leave(event.state, 'done', at);
      else if (event.type === 'succeeded') leaveAll('left', at);
      else if (event.type === 'failed') leaveAll(event.error.name === 'OperationInProgress' ? 'left' : 'failed', at);
      else {
        const found = running.get(event.state);
        if (found) painter.attemptFailed(found.step, event.error.message);
      }
    },
    async during(sentence, work) {
      const step = enter(sentence, sentence, Date.now());
      try {
        const answer = await work((text) => {
          step.detail = oneLine(text);
        });
        if (!ended) leave(sentence, 'done', Date.now());
        return answer;
      } catch (error) {
        if (!ended) leave(sentence, 'failed', Date.now());
        throw error;
      }
    },
    say(line) {
      if (!ended) painter.say(oneLine(line));
    },
    end() {
      if (!ended) painter.end();
      ended = true;
    },
  };
}
