import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { expect } from 'vitest';
import { deployedAws } from '../harness/workflows.ts';
import { type Case, casesOf, gapsOf } from './fault-matrix-cases.ts';
import { life, record, type Stage } from './fault-matrix-life.ts';

/** Meets a stage with cases, and leads it to its end. Resolves to what went wrong, and to the cases that are still to be met. */
export type Meet = (aws: TestAws, stage: Stage, cases: readonly Case[]) => Promise<{ problem?: string; unmet?: readonly Case[] }>;

export interface Sweep {
  readonly of: string;
  readonly select: (one: Case) => boolean;
  /** Groups the cases of a stage: each group is met in a life of its own. */
  readonly group: (cases: readonly Case[]) => readonly (readonly Case[])[];
  readonly meet: Meet;
}

/** Meets the cases of the matrix, life after life, and prints how many. A group that goes wrong is met again, case by case. */
export async function sweep({ of, select, group, meet }: Sweep): Promise<void> {
  let aws = await quickAws();
  const problems: string[] = [];
  try {
    const points = await record(aws);
    expect(gapsOf(points)).toEqual([]);
    const cases = casesOf(points).filter(select);
    const left = new Map(life.map((stage) => [stage, [...group(cases.filter((one) => one.stage === stage))]]));
    const [count, lives] = [cases.length, Math.max(...[...left.values()].map((groups) => groups.length))];
    while ([...left.values()].some((groups) => groups.length > 0)) {
      const problem = await live(aws, left, meet);
      if (problem === undefined) continue;
      problems.push(problem);
      await aws.stop();
      aws = await quickAws();
    }
    console.log(`fault matrix, ${of}: ${count} cases over ${callsMet(cases)} calls, in ${lives} lives`);
  } finally {
    await aws.stop();
  }
  expect(problems).toEqual([]);
}

const callsMet = (cases: readonly Case[]) => new Set(cases.map(({ point }) => point)).size;

/** How many times as fast as real time it passes: much faster, and a busy machine would run into the executions' own time-out of two hours. */
const rate = 100;

async function quickAws(): Promise<TestAws> {
  const aws = await deployedAws();
  aws.clock.setRate(rate);
  return aws;
}

/** Lives one life and meets each stage with its next group. Returns what went wrong, after which the account is of no use any more. */
async function live(aws: TestAws, left: ReadonlyMap<Stage, (readonly Case[])[]>, meet: Meet): Promise<string | undefined> {
  const detours = new Set(life.filter((stage) => left.get(stage)?.length).map(({ detour }) => detour));
  for (const stage of life.filter(({ detour }) => detour === undefined || detours.has(detour))) {
    const groups = left.get(stage) ?? [];
    const cases = groups.shift() ?? [];
    try {
      await stage.prepare?.(aws);
      const { problem, unmet = [] } = await meet(aws, stage, cases);
      if (unmet.length > 0) groups.unshift(unmet);
      if (problem !== undefined) return problem;
      await stage.expectEnd(aws);
    } catch (error) {
      if (cases.length > 1) groups.unshift(...cases.map((one) => [one]));
      return `${cases.map(({ name }) => name).join(' + ') || stage.name}: ${(error as Error).message}`;
    }
  }
  return undefined;
}
