import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import type { ExecutionEvent } from '../../../aws/executions/executions.ts';
import type { Painter } from '../../../cli/execution/follow-view/painter.ts';
import { plainPainter } from '../../../cli/execution/follow-view/plain.ts';
import { terminalPainter } from '../../../cli/execution/follow-view/terminal.ts';
import { followView, openFollowView } from '../../../cli/execution/follow-view.ts';
import { isInteractive } from '../../../cli/output.ts';
import { RecodeError } from '../../../core/errors.ts';
import { collectedOutput, collector } from '../collect.ts';

const at = (second: number) => new Date(second * 1000);
const entered = (state: string, sentence: string, second: number): ExecutionEvent => ({
  type: 'state-entered',
  state,
  sentence,
  at: at(second),
});
const exited = (state: string, sentence: string, second: number): ExecutionEvent => ({
  type: 'state-exited',
  state,
  sentence,
  at: at(second),
});
const attemptFailed = (state: string, second: number): ExecutionEvent => ({
  type: 'attempt-failed',
  state,
  error: new RecodeError('SshNotReady', 'The instance i-1 does not answer on 127.1.2.3:2200 yet.'),
  at: at(second),
});
const failed = (name: 'NoCapacity' | 'OperationInProgress', second: number): ExecutionEvent => ({
  type: 'failed',
  error: new RecodeError(name, 'No.'),
  at: at(second),
});

/** A terminal of 80 columns. */
function terminal() {
  const moves = { isTTY: true, columns: 80, cursorTo: () => true, moveCursor: () => true, clearLine: () => true };
  const { stream, text } = collector(moves);
  return { stream, text: () => stripVTControlCharacters(text()) };
}

it('shows on a terminal how far a step of its own is', async () => {
  const { stream, text } = terminal();
  const view = followView(terminalPainter(stream));
  await view.during('Cloning acme/api', async (detail) => {
    detail('Receiving objects 45%');
    await vi.waitFor(() => expect(text()).toContain('Cloning acme/api  Receiving objects 45%'), 10_000);
  });
  view.end();
  expect(text()).toMatch(/✓ Cloning acme\/api {2}\d\.\ds\n$/);
});

describe('followed in a pipe', () => {
  it('prints a line as each step begins, parallel ones too', () => {
    const { stream, text } = collector();
    const view = followView(plainPainter(stream));
    view.show(entered('CreateVpc', 'Creating the VPC', 1));
    view.show(entered('CreateInternetGateway', 'Creating the internet gateway', 1));
    view.show(exited('CreateVpc', 'Creating the VPC', 2));
    view.show(exited('CreateInternetGateway', 'Creating the internet gateway', 2));
    view.say('Somebody else is at work.');
    view.show(entered('CreateSubnet', 'Creating the subnet', 3));
    view.show({ type: 'succeeded', output: {}, at: at(4) });
    view.end();
    expect(text()).toBe('Creating the VPC\nCreating the internet gateway\nSomebody else is at work.\nCreating the subnet\n');
  });

  it('says every half minute that it still waits, however often the state tries', () => {
    const { stream, text } = collector();
    let now = 0;
    const view = followView(plainPainter(stream, () => now));
    view.show(entered('CheckSsh', 'Waiting for SSH', 0));
    for (let second = 1; second <= 70; second += 1) {
      now = second * 1000;
      view.show(attemptFailed('CheckSsh', second));
    }
    view.show(exited('CheckSsh', 'Waiting for SSH', 71));
    const waiting = 'Still waiting: The instance i-1 does not answer on 127.1.2.3:2200 yet.\n';
    expect(text()).toBe(`Waiting for SSH\n${waiting}${waiting}`);
  });

  it('shows work of its own like a step, and hands on its failure', async () => {
    const { stream, text } = collector();
    const view = followView(plainPainter(stream));
    await expect(view.during('Checking the SSH connection', () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
    expect(await view.during('Checking it again', async () => 7)).toBe(7);
    expect(text()).toBe('Checking the SSH connection\nChecking it again\n');
  });

  it('is silent after its end', () => {
    const { stream, text } = collector();
    const view = followView(plainPainter(stream));
    view.end();
    view.show(entered('CreateVpc', 'Creating the VPC', 1));
    view.say('More.');
    expect(text()).toBe('');
  });

  it('writes to stdout, or to stderr where stdout is for JSON', async () => {
    for (const json of [false, true]) {
      const { output, stdout, stderr } = collectedOutput({ json });
      const view = await openFollowView(output, {});
      view.show(entered('CreateVpc', 'Creating the VPC', 1));
      expect([stdout(), stderr()]).toEqual(json ? ['', 'Creating the VPC\n'] : ['Creating the VPC\n', '']);
    }
  });
});

describe('followed on a terminal', () => {
  it('leaves each finished step as a line with the time that the execution took for it', () => {
    const { stream, text } = terminal();
    const view = followView(terminalPainter(stream));
    view.show(entered('CreateVpc', 'Creating the VPC', 1));
    view.show(exited('CreateVpc', 'Creating the VPC', 3.25));
    view.show(entered('CreateSubnet', 'Creating the subnet', 4));
    view.show(exited('CreateSubnet', 'Creating the subnet', 4.01));
    view.end();
    expect(text()).toContain('✓ Creating the VPC  2.3s\n');
    expect(text()).toContain('✓ Creating the subnet\n');
  });

  it('gives each parallel step a line while it runs', () => {
    const { stream, text } = terminal();
    const view = followView(terminalPainter(stream));
    view.show(entered('CreateVpc', 'Creating the VPC', 1));
    view.show(entered('CreateInternetGateway', 'Creating the internet gateway', 1));
    view.show(exited('CreateSubnet', 'Creating the subnet', 2));
    view.say('A line between.');
    view.end();
    expect(text()).toMatch(/A line between\.\n\S Creating the VPC\n {2}Creating the internet gateway/);
    expect(text()).not.toContain('✓');
  });

  const outcomes = (...events: ExecutionEvent[]) => {
    const lines: string[] = [];
    const painter: Painter = {
      started() {},
      attemptFailed() {},
      ended: ({ sentence }, outcome) => lines.push(`${outcome}: ${sentence}`),
      say() {},
      end() {},
    };
    const view = followView(painter);
    for (const event of events) view.show(event);
    return lines;
  };

  it('marks the steps that a failure ended', () => {
    const events = [entered('LaunchInstance', 'Launching the instance', 1), failed('NoCapacity', 2)];
    expect(outcomes(...events)).toEqual(['failed: Launching the instance']);
  });

  it('does not call a step failed because another operation holds the environment', () => {
    const events = [entered('BeginOperation', 'Locking the environment', 1), failed('OperationInProgress', 2)];
    expect(outcomes(...events)).toEqual(['left: Locking the environment']);
  });
});

describe('isInteractive', () => {
  it.each([
    [true, true, {}],
    [false, false, {}],
    [false, true, { CI: 'true' }],
    [false, true, { TERM: 'dumb' }],
  ])('is %s for a terminal: %s, %o', (expected, isTTY, environment) => {
    expect(isInteractive(collector({ isTTY }).stream, environment)).toBe(expected);
  });
});
