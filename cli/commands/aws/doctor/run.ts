import type { Finding } from '../../../../core/finding.ts';
import type { AccountOptions } from '../../../account.ts';
import { inSession } from '../../../execution/session.ts';
import type { Failure } from '../../../failure.ts';
import { type Examined, examineMachine } from '../../../machine/examine.ts';
import { explainFor } from '../../../machine/explain.ts';
import { type Personal, redact } from '../../../machine/redact.ts';
import { type Output, oneLine, paint, writeJson } from '../../../output.ts';
import { builtPackage } from '../../../package-root.ts';
import { printMachine } from './machine.ts';
import { type Checked, compareRecords, isLeft, printRecords } from './records.ts';

interface DoctorRequest {
  readonly account: AccountOptions;
  readonly fix: boolean;
  readonly deleteOrphans: boolean;
  readonly force: boolean;
}

/**
 * Checks this machine, compares the records with AWS, and shows what is wrong. With --fix or --delete-orphans it asks before it changes
 * anything, unless forced. The exit code is 1 if something is left to do.
 *
 * @throws RecodeError what an execution that changes something fails with, and ConfirmationRequired
 */
export function runDoctor(request: DoctorRequest, output: Output): Promise<void> {
  return inSession(output, 'check', async (session) => {
    const machine = await examineMachine(request.account, session.view);
    if (machine.checks.some(({ verdict }) => verdict === 'problem')) process.exitCode = 1;
    if (!output.json) printMachine(machine.checks, output);
    const { ready } = machine;
    const records = ready ? await compareRecords(ready, request, { explain: explainFor(request.account), session, output }) : undefined;
    if (records === 'declined') return;
    if (!records || 'error' in records || records.findings.some(isLeft)) process.exitCode = 1;
    if (output.json) writeReport(machine, records, output);
    else if (!records) sayNotCompared(output);
    else if ('error' in records) sayFailure(records.error, output);
    else printRecords(records, ready?.account.region ?? '', output);
  });
}

/** What was found, for a bug report: without what tells of the person. */
function writeReport(
  { checks, ready, personal }: Examined,
  records: Checked | { readonly error: Failure } | undefined,
  output: Output,
): void {
  const checked = records && !('error' in records) ? records : undefined;
  const findings = checked?.findings ?? [];
  const report = {
    version: builtPackage().version,
    machine: checks,
    region: ready?.account.region ?? null,
    installed: checked?.installed ?? null,
    findings,
    executionArn: checked?.executionArn ?? null,
    error: records && 'error' in records ? records.error : null,
  };
  writeJson(output, redact(report, [...personal, ...findings.flatMap(personalOfFinding)]));
}

const personalOfFinding = ({ owner, repository }: Finding): Personal[] => [
  ...(owner === undefined ? [] : [{ kind: 'owner', value: owner } as const]),
  ...(repository === undefined ? [] : [{ kind: 'repository', value: repository } as const]),
];

function sayNotCompared({ stdout }: Output): void {
  stdout.write(`\n${paint(stdout, 'dim', '-')} The records were not compared with AWS: see the checks above.\n`);
}

function sayFailure({ title, message, nextStep }: Failure, { stdout }: Output): void {
  stdout.write(`\n${paint(stdout, 'red', '✗')} ${paint(stdout, 'bold', title)}\n  ${oneLine(message)}\n  ${oneLine(nextStep)}\n`);
}
