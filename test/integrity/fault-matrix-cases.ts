import type { Point, Stage } from './fault-matrix-life.ts';
import { lasting } from './fault-matrix-life.ts';
import { type Endured, everyCall, everyCallOfTheFailed, type Row, type Surfaced, specialCalls } from './fault-matrix-rows.ts';

/** One call of the life that is answered by one code, once or repeatedly, and what becomes of it. */
export interface Case {
  readonly name: string;
  readonly stage: Stage;
  readonly point: Point;
  readonly code: string;
  readonly row: Row;
  /** How many calls are answered so. */
  readonly times: number;
  /** No other call of its function is answered wrongly while it is. */
  readonly alone: boolean;
  readonly outcome: Endured | Surfaced;
}

const selected = (process.env.RECODE_SWEEP ?? '').split('|');

/** Every row × every call that can be answered so, once and repeatedly. RECODE_SWEEP selects cases by a part of their name, or several with | between. */
export function casesOf(points: ReadonlyMap<Stage, readonly Point[]>): readonly Case[] {
  return [...points]
    .flatMap(([stage, made]) => made.flatMap((point, index) => casesOfPoint(stage, point, index)))
    .filter(({ name }) => selected.some((part) => name.includes(part)));
}

function casesOfPoint(stage: Stage, point: Point, index: number): Case[] {
  const { service, step, skip } = point;
  const special = specialRows(point) ?? [];
  // A special row says what its codes lead to instead.
  const general = ((step === 'failOperation' ? everyCallOfTheFailed : everyCall)[service] ?? []).filter(
    (row) => !special.some(({ codes, effect }) => effect === row.effect && codes.every((code) => row.codes.includes(code))),
  );
  return [
    ...special.flatMap((row) => row.codes.map((code) => ({ row, code, alone: true }))),
    ...general.map((row) => ({ row, code: row.codes[index % row.codes.length] ?? '', alone: false })),
  ].flatMap(({ row, code, alone }) => {
    const common = { stage, point, code, row, alone };
    const name = (often: string) =>
      `${stage.name}: ${step}'s ${point.action}${skip > 0 ? ` after ${skip}` : ''} answers ${code}${row.effect ? ', having taken effect,' : ''} ${often}`;
    const once = { ...common, name: name('once'), times: 1, outcome: row.once };
    if (!row.repeatedly) return [once];
    const repeatedly = { ...common, name: name('repeatedly'), times: row.times ?? lasting, outcome: row.repeatedly };
    // What is not made again stands for both; and what fails for ever, fails at the first of several such calls.
    if (repeatedly.outcome.ends === 'FAILED')
      return [once, repeatedly].filter((each) => each.outcome.ends === 'SUCCEEDED' || (each === repeatedly && skip === 0));
    return [once, repeatedly];
  });
}

function specialRows({ service, step, action }: Point): readonly Row[] | undefined {
  const rows = specialCalls[service] ?? {};
  return rows[`${step} ${action}`] ?? rows[action];
}

export const reading = /^(Describe|Get|List|Query|Scan|Search)/;

/** Calls of which no row says anything, and rows that no call meets: sentences. */
export function gapsOf(points: ReadonlyMap<Stage, readonly Point[]>): string[] {
  const made = [...points.values()].flat();
  const silent = made.filter(({ service, action, ...point }) => {
    if (!everyCall[service]) return true;
    return service === 'ec2' && !reading.test(action) && !specialRows({ service, action, ...point });
  });
  const idle = Object.entries(specialCalls).flatMap(([service, rows]) =>
    Object.keys(rows).filter((name) => !made.some((point) => point.service === service && specialRows(point) === rows[name])),
  );
  return [
    ...silent.map(({ service, step, action }) => `No case says what ${action} of ${step} does when ${service} refuses it.`),
    ...idle.map((name) => `No call of the life is ${name}.`),
  ];
}
