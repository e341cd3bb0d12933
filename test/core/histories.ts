import type { PastEvent } from '../../core/critical-path.ts';

/** Events from lines such as `3<2 +40 TaskStateEntered CreateVpc`, 40 ms after the first one. Details are merged in by id. */
export function history(lines: readonly string[], details: Readonly<Record<number, object>> = {}): PastEvent[] {
  return lines.map((line) => {
    const [, id, previous, at, type = '', name] = /^(\d+)<(\d+) \+(\d+) (\w+) ?(.*)$/.exec(line) ?? [];
    const about = type.endsWith('StateEntered') ? 'stateEnteredEventDetails' : 'stateExitedEventDetails';
    return {
      id: Number(id),
      previousEventId: Number(previous),
      type,
      timestamp: new Date(Date.UTC(2026, 0, 1) + Number(at)),
      ...(/State(Entered|Exited)$/.test(type) && { [about]: { name } }),
      ...details[Number(id)],
    };
  });
}

/** An execution that never was, by the rules of a state machine's events, with what is to be found in it. */
export interface Simulated {
  readonly events: readonly PastEvent[];
  /** The Task and Wait states that determined the end, in their order. */
  readonly path: readonly string[];
  /** How long those waited: in a Wait state, or for another attempt. */
  readonly waited: number;
  readonly milliseconds: number;
}

interface Made {
  readonly order: number;
  readonly at: number;
  readonly type: string;
  readonly previous: Made | undefined;
  readonly name?: string;
}

interface Ran {
  readonly end: number;
  readonly last: Made;
  readonly path: readonly string[];
  readonly waited: number;
}

/**
 * Simulates an execution: states one after another, among them Parallels and Maps in each other, with retries. Events refer to each other as
 * in AWS's recordings: test_parallel_state and test_map_state in test_base_scenarios.snapshot.json of LocalStack.
 *
 * @param random numbers from 0 up to 1
 */
export function simulate(random: () => number): Simulated {
  const made: Made[] = [];
  let names = 0;
  const upTo = (most: number) => Math.floor(random() * (most + 1));
  const add = (at: number, type: string, previous: Made | undefined, name?: string): Made => {
    const event = { order: made.length, at, type, previous, ...(name !== undefined && { name }) };
    made.push(event);
    return event;
  };
  const begun = add(0, 'ExecutionStarted', undefined);

  function sequence(from: number, previous: Made | undefined, depth: number): Ran {
    let ran: Ran = { end: from, last: previous ?? begun, path: [], waited: 0 };
    for (let count = 1 + upTo(2), index = 0; index < count; index += 1) {
      const next = state(ran.end + upTo(5), index === 0 ? previous : ran.last, depth);
      ran = { end: next.end, last: next.last, path: [...ran.path, ...next.path], waited: ran.waited + next.waited };
    }
    return ran;
  }

  function state(from: number, previous: Made | undefined, depth: number): Ran {
    names += 1;
    const name = `State${names}`;
    const which = depth > 0 ? upTo(4) : upTo(2);
    if (which === 0) return choice(name, from, previous);
    if (which === 1) return wait(name, from, previous);
    return which === 2 ? task(name, from, previous) : container(which === 3 ? 'Parallel' : 'Map', name, from, previous, depth);
  }

  function choice(name: string, from: number, previous: Made | undefined): Ran {
    const entered = add(from, 'ChoiceStateEntered', previous, name);
    return { end: from, last: add(from, 'ChoiceStateExited', entered, name), path: [], waited: 0 };
  }

  function wait(name: string, from: number, previous: Made | undefined): Ran {
    const waited = 1 + upTo(500);
    const entered = add(from, 'WaitStateEntered', previous, name);
    return { end: from + waited, last: add(from + waited, 'WaitStateExited', entered, name), path: [name], waited };
  }

  function task(name: string, from: number, previous: Made | undefined): Ran {
    let [at, waited] = [from, 0];
    let last = add(at, 'TaskStateEntered', previous, name);
    for (let attempts = upTo(3), attempt = 0; attempt <= attempts; attempt += 1) {
      last = add(at, 'LambdaFunctionScheduled', last);
      last = add(at, 'LambdaFunctionStarted', last);
      at += 1 + upTo(300);
      last = add(at, attempt === attempts ? 'LambdaFunctionSucceeded' : 'LambdaFunctionFailed', last);
      if (attempt === attempts) break;
      const delay = 1 + upTo(1_000);
      at += delay;
      waited += delay;
    }
    return { end: at, last: add(at, 'TaskStateExited', last, name), path: [name], waited };
  }

  function container(kind: 'Parallel' | 'Map', name: string, from: number, previous: Made | undefined, depth: number): Ran {
    const started = add(from, `${kind}StateStarted`, add(from, `${kind}StateEntered`, previous, name));
    const branches = Array.from({ length: 1 + upTo(2) }, () => {
      const ran = sequence(from, kind === 'Map' ? add(from, 'MapIterationStarted', started) : started, depth - 1);
      return kind === 'Map' ? { ...ran, last: add(ran.end, 'MapIterationSucceeded', ran.last) } : ran;
    });
    // Of those that end at once, the one that is recorded last.
    const longest = branches.reduce((one, other) => (other.end >= one.end ? other : one));
    add(longest.end, `${kind}StateSucceeded`, longest.last);
    return { ...longest, last: add(longest.end, `${kind}StateExited`, longest.last, name) };
  }

  const { end, last, path, waited } = sequence(0, undefined, 3);
  const milliseconds = end + upTo(5);
  add(milliseconds, 'ExecutionSucceeded', last);

  const ordered = [...made].sort((one, other) => one.at - other.at || one.order - other.order);
  const ids = new Map(ordered.map((event, index) => [event, index + 1]));
  const lines = ordered.map((event) => {
    const previous = event.previous ? (ids.get(event.previous) ?? 0) : 0;
    return `${ids.get(event)}<${previous} +${event.at} ${event.type} ${event.name ?? ''}`;
  });
  return { events: history(lines), path, waited, milliseconds };
}

/** Numbers from 0 up to 1 that are always the same: mulberry32. */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
