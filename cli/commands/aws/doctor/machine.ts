import { type Check, count, type Verdict } from '../../../machine/check.ts';
import { type Output, oneLine, paint } from '../../../output.ts';

type Format = Parameters<typeof paint>[1];

const marks: Readonly<Record<Verdict, readonly [mark: string, format: Format]>> = {
  ok: ['✓', 'green'],
  warning: ['!', 'yellow'],
  problem: ['✗', 'red'],
  skipped: ['-', 'dim'],
};

/** Shows what the checks of this machine have found, a line each, and below it what to do. */
export function printMachine(checks: readonly Check[], { stdout }: Output): void {
  const width = Math.max(...checks.map(({ check }) => check.length));
  stdout.write(`\n${paint(stdout, 'bold', 'This machine')}\n`);
  for (const { check, verdict, seen, nextStep } of checks) {
    const [mark, format] = marks[verdict];
    stdout.write(`${paint(stdout, format, mark)} ${check.padEnd(width)}  ${oneLine(seen)}\n`);
    if (nextStep !== null) stdout.write(`  ${' '.repeat(width)}  → ${oneLine(nextStep)}\n`);
  }
  const counted = (['problem', 'warning'] as const)
    .map((verdict) => [checks.filter((each) => each.verdict === verdict).length, verdict] as const)
    .filter(([number]) => number > 0);
  if (counted.length > 0) stdout.write(`  ${counted.map(([number, verdict]) => count(number, verdict)).join(', ')}\n`);
}
