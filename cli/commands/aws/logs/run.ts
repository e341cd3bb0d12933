import { type OpenedEnvironment, openEnvironment } from '../../../environment.ts';
import { begun } from '../../../execution/begun.ts';
import { inSession, type Session } from '../../../execution/session.ts';
import { type JsonSelection, openResultWriter, type ResultWriter } from '../../../json/selection.ts';
import { columns, indent, line, type Output, paint, progressOf, type Stream } from '../../../output.ts';
import { showsUnicode } from '../../../unicode.ts';
import { seconds, showLive } from './live.ts';
import { type FailedAttempt, type Found, lastOperations, logOf, type OperationLog, readAgain, type Step } from './operation-log.ts';
import type { LogsRequest } from './request.ts';
import { drawTimeline, timelineOfOperation } from './timeline.ts';

/**
 * Shows the steps of the last operations on an environment, and those of one in progress until it ends if that was asked for.
 *
 * @throws RecodeError EnvironmentNotFound, RecodeNotInstalled, UsageNotValid, and those of cli/environment.ts
 */
export function runLogs(request: LogsRequest, selection: JsonSelection, output: Output): Promise<void> {
  const { repository, follow, count } = request;
  return inSession(output, { what: `operation on ${repository}`, early: `the look at ${repository} before it ended` }, async (session) => {
    const write = await openResultWriter(output, selection);
    const opened = await openEnvironment(request, session.view);
    if (request.console) {
      session.view.end();
      return showConsole(opened, write, output);
    }
    if (request.idle) {
      session.view.end();
      return showIdleLog(opened, write, output);
    }
    const found = await lastOperations(opened, count);
    session.view.end();
    if (request.timeline) return showTimelines(opened, found, write, output);
    const logs = found.map(logOf);
    const running = follow ? logs.findLast(({ status }) => status === 'running') : undefined;
    if (!output.json) show(opened, running ? logs.slice(0, logs.indexOf(running)) : logs, output.stdout);
    if (running) await followToItsEnd(opened, running, { blankLine: logs[0] !== running && !output.json }, session, output);
    else if (follow && !output.json) output.stdout.write('\nNo operation is running.\n');
    if (!output.json) return;
    const operations = await Promise.all(logs.map((log) => (log === running ? readAgain(opened, log) : log)));
    await write({ ...opened.subject, operations });
  });
}

async function showTimelines(opened: OpenedEnvironment, found: readonly Found[], write: ResultWriter, output: Output): Promise<void> {
  const operations = found.map((each) => ({ ...logOf(each), timeline: timelineOfOperation(opened, each) }));
  const { stdout } = output;
  if (output.json) await write({ ...opened.subject, operations });
  else if (operations.length === 0) stdout.write(noOperation(opened));
  for (const [index, { timeline, ...log }] of output.json ? [] : operations.entries()) {
    stdout.write(`${index === 0 ? '' : '\n'}${heading(opened, log, stdout)}`);
    if (!timeline) stdout.write(forgotten(log));
    else stdout.write(`\n\n${drawTimeline(timeline, stdout, showsUnicode(process.env))}`);
    if (timeline && log.error?.message) stdout.write(`\n${indent(log.error.message)}\n`);
  }
}

// Its module brings the client of EC2 along.
const showConsole = async (opened: OpenedEnvironment, write: ResultWriter, output: Output) =>
  (await import('./console.ts')).showConsole(opened, write, output);

const showIdleLog = async (opened: OpenedEnvironment, write: ResultWriter, output: Output) =>
  (await import('./idle.ts')).showIdleLog(opened, write, output);

async function followToItsEnd(
  opened: OpenedEnvironment,
  log: OperationLog,
  { blankLine }: { readonly blankLine: boolean },
  { execution }: Session,
  output: Output,
): Promise<void> {
  execution.arn = log.executionArn;
  const stream = progressOf(output);
  stream.write(`${blankLine ? '\n' : ''}${heading(opened, log, stream)}\n\n`);
  await showLive(opened.clients.sfn, log.executionArn, stream);
  execution.ended = true;
}

function show(opened: OpenedEnvironment, logs: readonly OperationLog[], stdout: Stream): void {
  if (logs.length === 0) stdout.write(noOperation(opened));
  for (const [index, log] of logs.entries()) {
    const { error, steps } = log;
    stdout.write(`${index === 0 ? '' : '\n'}${heading(opened, log, stdout)}`);
    if (!steps) {
      stdout.write(forgotten(log));
      continue;
    }
    const rows = steps.flatMap(rowsOf);
    stdout.write(`\n\n${columns(['STARTED', 'TOOK', 'STEP'], rows, (title) => paint(stdout, 'bold', title))}`);
    if (error?.message) stdout.write(`\n${indent(error.message)}\n`);
  }
}

const noOperation = ({ subject }: OpenedEnvironment) => line`No operation on ${subject.repository} is recorded.\n`;
const forgotten = ({ error }: OperationLog) => `${error ? line` (${error.name})` : ''}. Step Functions no longer has its steps.\n`;

/** `acme/api (bob): start failed, started 3m ago by you` */
function heading({ subject: { repository, owner }, account }: OpenedEnvironment, log: OperationLog, stream: Stream): string {
  const status = log.status === null ? '' : ` ${log.status}`;
  return `${paint(stream, 'bold', repository)}${line` (${owner}): ${log.kind}${status}, ${begun(log, account.owner)}`}`;
}

/** A row for a step, and one for its failed attempts; those that failed alike one after the other have one together. */
function rowsOf({ sentence, startedAt, endedAt, failedAttempts }: Step): string[][] {
  const took = endedAt === null ? '-' : seconds(Date.parse(endedAt) - Date.parse(startedAt));
  return [[startedAt, took, sentence], ...alike(failedAttempts).map(rowOf)];
}

function rowOf([{ name, message, at }, times]: Alike): string[] {
  return [at, '', `  ${name}: ${message}${times > 1 ? ` (${times} times)` : ''}`];
}

type Alike = readonly [first: FailedAttempt, times: number];

function alike(attempts: readonly FailedAttempt[]): Alike[] {
  const groups: Alike[] = [];
  for (const attempt of attempts) {
    const [first, times] = groups.at(-1) ?? [attempt, 0];
    if (times > 0 && first.name === attempt.name && first.message === attempt.message) groups[groups.length - 1] = [first, times + 1];
    else groups.push([attempt, 1]);
  }
  return groups;
}
