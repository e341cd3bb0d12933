import { type Kind, type Segment, type Timeline, timelineOf } from '../../../../core/timeline.ts';
import type { OpenedEnvironment } from '../../../environment.ts';
import { rememberedTime } from '../../../execution/remembered-time.ts';
import { type Column, fittingColumns } from '../../../fitting.ts';
import { oneLine, paint, type Stream } from '../../../output.ts';
import { seconds } from './live.ts';
import type { Found } from './operation-log.ts';

/** Where the time of an operation went; null if Step Functions no longer has its execution. */
export function timelineOfOperation({ files }: OpenedEnvironment, { operation, history }: Found): Timeline | null {
  if (!history) return null;
  return timelineOf(history.events, history.sentences, rememberedTime(files, operation.executionArn));
}

/** How a kind is drawn, and what it is called. */
interface Style {
  readonly name: string;
  readonly color: 'green' | 'red' | 'yellow' | 'magenta' | 'cyan' | 'blue' | 'gray' | 'white';
  /** One character each. They differ, for those who see no colors. */
  readonly unicode: string;
  readonly ascii: string;
}

const styles: Readonly<Record<Kind, Style>> = {
  aws: { name: 'EC2 and other AWS calls', color: 'green', unicode: '█', ascii: '#' },
  proof: { name: 'Proof of identity', color: 'red', unicode: '▪', ascii: '*' },
  waiting: { name: 'Waiting for EC2', color: 'yellow', unicode: '░', ascii: '.' },
  'lambda-cold': { name: 'Lambda, cold', color: 'magenta', unicode: '▓', ascii: '%' },
  'lambda-warm': { name: 'Lambda, warm', color: 'cyan', unicode: '▒', ascii: '+' },
  step: { name: 'Step', color: 'white', unicode: '■', ascii: 'o' },
  transition: { name: 'Between steps', color: 'gray', unicode: '─', ascii: '-' },
  cli: { name: 'This machine', color: 'blue', unicode: '═', ascii: '=' },
};

// What a stream that is no terminal gets.
const usualWidth = 100;
const leastBar = 10;
const gap = 2;

/**
 * Draws a timeline: a bar for each step that determined the end, and what each kind of time amounts to.
 *
 * @param unicode whether the stream's reader sees more than ASCII
 */
export function drawTimeline(timeline: Timeline, stream: Stream, unicode: boolean): string {
  const width = stream.columns ?? usualWidth;
  const rows = rowsOf(timeline.segments);
  const steps: Column = { heading: 'STEP', cells: rows.map(({ title }) => oneLine(title)) };
  const took: Column = { heading: 'TOOK', cells: rows.map(({ segments }) => seconds(lengthOf(segments))) };
  const widthOf = ({ heading, cells }: Column) => Math.max(heading.length, ...cells.map((cell) => cell.length));
  const barWidth = Math.max(leastBar, width - widthOf(steps) - widthOf(took) - 2 * gap);
  const [shown = steps] = fittingColumns([steps, took, { heading: ' '.repeat(barWidth), cells: [] }], width);
  const line = (step: string, time: string, bar: string) =>
    `${step.padEnd(widthOf(shown))}  ${time.padStart(widthOf(took))}  ${bar}`.trimEnd();
  const lines = rows.map(({ segments }, index) =>
    line(shown.cells[index] ?? '', took.cells[index] ?? '', drawBar(barOf(segments, timeline, barWidth), stream, unicode)),
  );
  return `${[paint(stream, 'bold', line(shown.heading, took.heading, '')), ...lines].join('\n')}\n\n${drawTotals(timeline, stream, unicode)}`;
}

/** A row of the drawing. */
interface Row {
  readonly title: string;
  readonly segments: readonly Segment[];
}

/** A row for each state that is shown, with the way to the next one. What comes before the first one belongs to it. */
function rowsOf(segments: readonly Segment[]): Row[] {
  const rows: { title: string; segments: Segment[] }[] = [];
  const early: Segment[] = [];
  let state: string | null = null;
  for (const segment of segments) {
    const { kind, label } = segment;
    const last = rows.at(-1);
    if (kind === 'cli')
      rows.push({ title: segment.from < 0 ? 'Preparing on this machine' : 'Finishing on this machine', segments: [segment] });
    else if (last && state !== null && (segment.state === state || (label === null && kind === 'transition'))) last.segments.push(segment);
    else if (label === null && kind === 'transition') early.push(segment);
    else {
      rows.push({ title: label ?? segment.state ?? '', segments: [...early.splice(0), segment] });
      state = segment.state;
    }
  }
  // Of an execution that has not come to a step.
  if (early.length > 0) rows.push({ title: styles.transition.name, segments: early });
  return rows;
}

const lengthOf = (segments: readonly Segment[]) => segments.reduce((sum, { from, to }) => sum + to - from, 0);

interface Bar {
  /** How many characters are before it. */
  readonly before: number;
  readonly cells: readonly Kind[];
}

/** Each character has the kind that most of its time went into. What has any length has at least one. */
function barOf(segments: readonly Segment[], { segments: all, milliseconds }: Timeline, width: number): Bar {
  const begin = all[0]?.from ?? 0;
  const at = (time: number) => (milliseconds > 0 ? ((time - begin) * width) / milliseconds : 0);
  const [from, to] = [at(segments[0]?.from ?? 0), at(segments.at(-1)?.to ?? 0)];
  if (to <= from) return { before: 0, cells: [] };
  const before = Math.min(width - 1, Math.floor(from));
  const cells = Array.from({ length: Math.max(1, Math.min(width, Math.round(to)) - before) }, () => new Map<Kind, number>());
  for (const { kind, ...segment } of segments) {
    const [left, right] = [at(segment.from) - before, at(segment.to) - before];
    for (let index = Math.floor(left); index < right && index < cells.length; index += 1) {
      const part = Math.min(right, index + 1) - Math.max(left, index);
      cells[index]?.set(kind, (cells[index]?.get(kind) ?? 0) + part);
    }
  }
  return { before, cells: cells.map(largest) };
}

function largest(parts: ReadonlyMap<Kind, number>): Kind {
  const [first] = [...parts].sort(([, one], [, other]) => other - one);
  return first?.[0] ?? 'transition';
}

function drawBar(bar: Bar, stream: Stream, unicode: boolean): string {
  const runs: { kind: Kind; length: number }[] = [];
  for (const kind of bar.cells) {
    const last = runs.at(-1);
    if (last?.kind === kind) last.length += 1;
    else runs.push({ kind, length: 1 });
  }
  return ' '.repeat(bar.before) + runs.map(({ kind, length }) => sample(kind, length, stream, unicode)).join('');
}

const sample = (kind: Kind, length: number, stream: Stream, unicode: boolean) =>
  paint(stream, styles[kind].color, styles[kind][unicode ? 'unicode' : 'ascii'].repeat(length));

/** What each kind amounts to, and all together. It explains the bars, too. */
function drawTotals({ totals, milliseconds, ended }: Timeline, stream: Stream, unicode: boolean): string {
  const rows = totals.map(({ kind, milliseconds: length }) => ({
    mark: sample(kind, 1, stream, unicode),
    name: styles[kind].name,
    took: seconds(length),
    share: milliseconds > 0 ? `${Math.round((100 * length) / milliseconds)}%` : '-',
  }));
  const all = { mark: ' ', name: ended ? 'Total' : 'Total so far', took: seconds(milliseconds), share: '' };
  const widest = (field: 'name' | 'took') => Math.max(...[...rows, all].map((row) => row[field].length));
  const lines = [...rows, all].map(({ mark, name, took, share }) =>
    `${mark} ${name.padEnd(widest('name'))}  ${took.padStart(widest('took'))}  ${share.padStart(4)}`.trimEnd(),
  );
  const machine = totals.some(({ kind }) => kind === 'cli') ? '' : '\nThe time on the machine of the command is not included.\n';
  return `${lines.join('\n')}\n${machine}`;
}
