import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Clock, createClock } from '../../src/clock.ts';
import type { Schedule } from '../../src/scheduler/schedule.ts';
import { createScheduler, type Scheduler } from '../../src/scheduler/scheduler.ts';
import { openStore } from '../../src/store.ts';

const begin = Date.UTC(2026, 0, 1);
const fiveMinutes = 300_000;
let directory: string;
let clock: Clock;
let scheduler: Scheduler | undefined;
let started: string[];
let refusal: string | undefined;
beforeEach(() => {
  vi.useFakeTimers({ now: begin });
  directory = mkdtempSync(join(tmpdir(), 'scheduler-'));
  clock = createClock();
  started = [];
  refusal = undefined;
});
afterEach(() => {
  scheduler?.stop();
  clock.stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true });
});

const schedule = (minutes = 5, name = 'often'): Schedule => ({
  name,
  arn: `arn:aws:scheduler:us-east-1:000000000000:schedule/default/${name}`,
  roleArn: 'role',
  stateMachineArn: `machine of ${name}`,
  expression: `rate(${minutes} minutes)`,
  periodMilliseconds: minutes * 60_000,
  input: '{"a":1}',
});

/** Starts a scheduler with these schedules, like a new process. */
function deploy(...schedules: Schedule[]): void {
  scheduler?.stop();
  scheduler = createScheduler({
    schedules,
    clock,
    store: openStore(directory),
    start: (stateMachineArn, input) => started.push(`${stateMachineArn} with ${input} at ${(clock.now() - begin) / 60_000} min`),
    refusal: () => refusal,
  });
  scheduler.begin();
}

/** Moves the clock, and lets everything happen that is due. */
function advance(milliseconds: number): void {
  clock.advance(milliseconds);
  vi.advanceTimersByTime(0);
}

it('starts an execution each time the period has passed', () => {
  deploy(schedule());
  advance(fiveMinutes - 1);
  expect(started).toEqual([]);
  advance(1);
  expect(started).toEqual(['machine of often with {"a":1} at 5 min']);
  advance(fiveMinutes - 1);
  expect(started).toHaveLength(1);
  advance(1);
  expect(started).toEqual(['machine of often with {"a":1} at 5 min', 'machine of often with {"a":1} at 10 min']);
});

it('follows real time, or a faster clock', () => {
  deploy(schedule());
  vi.advanceTimersByTime(3 * fiveMinutes);
  expect(started).toHaveLength(3);
  clock.setRate(60);
  vi.advanceTimersByTime(10_000);
  expect(started).toHaveLength(5);
});

it('starts one execution when several periods pass at once, and stays in step', () => {
  deploy(schedule());
  advance(62 * 60_000);
  expect(started).toHaveLength(1);
  advance(3 * 60_000 - 1);
  expect(started).toHaveLength(1);
  advance(1);
  expect(started).toHaveLength(2);
});

it('runs several schedules', () => {
  deploy(schedule(5), schedule(7, 'seldom'));
  for (let minute = 0; minute < 10; minute++) advance(60_000);
  expect(started).toEqual([
    'machine of often with {"a":1} at 5 min',
    'machine of seldom with {"a":1} at 7 min',
    'machine of often with {"a":1} at 10 min',
  ]);
});

describe('after a restart', () => {
  it('stays in step, and does not catch up', () => {
    deploy(schedule());
    advance(3 * 60_000);
    deploy(schedule());
    advance(2 * 60_000);
    expect(started).toEqual(['machine of often with {"a":1} at 5 min']);
    scheduler?.stop();
    advance(61 * 60_000);
    expect(started).toHaveLength(1);
    deploy(schedule());
    advance(0);
    expect(started).toHaveLength(1);
    advance(4 * 60_000);
    expect(started.slice(1)).toEqual(['machine of often with {"a":1} at 70 min']);
  });

  it('begins again with a new or changed schedule', () => {
    deploy(schedule(5));
    advance(3 * 60_000);
    deploy(schedule(10));
    advance(9 * 60_000);
    expect(started).toEqual([]);
    advance(60_000);
    expect(started).toHaveLength(1);
    deploy();
    advance(2 * 60_000);
    deploy(schedule(10));
    advance(9 * 60_000);
    expect(started).toHaveLength(1);
    advance(60_000);
    expect(started).toHaveLength(2);
  });

  it('names its state file if that is damaged', () => {
    const file = join(directory, 'scheduler.json');
    writeFileSync(file, '{"often":1}');
    expect(() => deploy(schedule())).toThrow(expect.objectContaining({ name: 'StateDamaged', file }));
  });
});

it('logs that the role of a schedule may not start anything, and tries again a period later', () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  deploy(schedule());
  refusal = 'User: … is not authorized';
  advance(fiveMinutes);
  expect(started).toEqual([]);
  expect(log).toHaveBeenCalledWith(expect.stringContaining('The schedule often starts nothing: User: … is not authorized'));
  refusal = undefined;
  advance(fiveMinutes);
  expect(started).toHaveLength(1);
});

it('starts nothing after it has stopped', () => {
  deploy(schedule());
  scheduler?.stop();
  advance(fiveMinutes);
  expect(started).toEqual([]);
});
