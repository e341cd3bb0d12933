import { everyFinding } from '../../../../aws/executions/findings.ts';
import { mostDeleted, type ReconcileInput, ReconcileOutput } from '../../../../core/document.ts';
import type { Finding } from '../../../../core/finding.ts';
import { type Account, type AccountOptions, openAccountWithProgress } from '../../../account.ts';
import { type Clients, clientsOf } from '../../../clients.ts';
import { confirm } from '../../../confirm.ts';
import { beforeOperation, checkedSentences } from '../../../execution/control-plane.ts';
import { follow, startOperation } from '../../../execution/operation.ts';
import { inSession, type Session } from '../../../execution/session.ts';
import { columns, line, type Output, paint, writeJson } from '../../../output.ts';

interface DoctorRequest {
  readonly account: AccountOptions;
  readonly fix: boolean;
  readonly deleteOrphans: boolean;
  readonly force: boolean;
}

/** What one check has led to. */
interface Checked {
  readonly installed: boolean;
  readonly findings: readonly Finding[];
  readonly deleted: readonly string[];
  readonly executionArn: string;
}

/**
 * Compares the records with AWS and shows what differs. With --fix or --delete-orphans it asks before a second check changes anything, unless
 * forced. The exit code is 1 if something is left to do.
 *
 * @throws RecodeError what the execution fails with, ConfirmationRequired, and those of cli/account.ts and cli/execution
 */
export function runDoctor({ account: options, fix, deleteOrphans, force }: DoctorRequest, output: Output): Promise<void> {
  return inSession(output, 'check', async (session) => {
    const account = await openAccountWithProgress(options, session.view);
    const clients = clientsOf(account);
    await beforeOperation({ account, clients }, 'reconcile', Promise.resolve());
    const plan = await check(clients, account, {}, session);
    session.view.end();
    const mendable = fix && plan.findings.some(({ mend }) => mend !== undefined);
    const ids = deleteOrphans ? plan.findings.flatMap(({ id, deletable }) => (deletable ? [id] : [])).slice(0, mostDeleted) : [];
    if (!mendable && ids.length === 0) return show(plan, account, output);
    if (!force) {
      if (!output.json) print(plan.findings, account, output);
      if (!(await confirm(question({ mendable, ids }, account), output))) return;
    }
    const asked = { ...(mendable && { extent: 'all' as const }), ...(ids.length > 0 && { delete: ids }) };
    show(await check(clients, account, asked, session), account, output);
  });
}

async function check(clients: Clients, account: Account, input: ReconcileInput, session: Session): Promise<Checked> {
  const executionArn = await startOperation(clients, account, { kind: 'reconcile', input }, session);
  const known = { sentences: checkedSentences(clients, executionArn) };
  const { result } = await follow(clients, account, executionArn, ReconcileOutput, session, known);
  session.view.end();
  if (result.status === 'not-installed') return { installed: false, findings: [], deleted: [], executionArn };
  const { found, deletion } = result;
  const findings = found.more > 0 ? await everyFinding(clients.sfn, executionArn) : found.first;
  const deleted = deletion?.deleted ?? [];
  const kept = new Map((deletion?.kept ?? []).map(({ id, reason }) => [id, reason]));
  const concluded = findings.map((finding): Finding => {
    if (deleted.includes(finding.id)) return { ...finding, outcome: 'mended' };
    const reason = kept.get(finding.id);
    return reason === undefined ? finding : { ...finding, outcome: 'failed', reason };
  });
  return { installed: true, findings: concluded, deleted, executionArn };
}

function question(
  { mendable, ids }: { readonly mendable: boolean; readonly ids: readonly string[] },
  { region, accountId }: Account,
): string {
  const deletion = ids.length > 0 ? [`This deletes from ${region} in account ${accountId}:`, ...ids.map((id) => `  ${id}`)] : [];
  return [...deletion, ids.length > 0 ? (mendable ? 'Delete it and fix the rest?' : 'Delete it?') : 'Fix what is safe to fix?'].join('\n');
}

const isLeft = ({ outcome }: Finding) => outcome !== 'mended';

function show({ installed, findings, executionArn }: Checked, account: Account, output: Output): void {
  if (findings.some(isLeft)) process.exitCode = 1;
  if (output.json) writeJson(output, { region: account.region, installed, findings, executionArn });
  else if (!installed) output.stdout.write(`Recode is not installed in ${account.region}.\n`);
  else print(findings, account, output);
}

function print(findings: readonly Finding[], { region }: Account, { stdout }: Output): void {
  if (findings.length === 0) {
    stdout.write(`\n${paint(stdout, 'green', '✓')} ${paint(stdout, 'bold', `The records and AWS agree in ${region}`)}\n`);
    return;
  }
  const rows = findings.map((finding) => {
    const { kind, subject, id, owner, repository, problem } = finding;
    const whose = repository === undefined ? '' : `${repository} of ${owner}`;
    return [kind, subject, id, whose, problem, whatToDo(finding)];
  });
  const headings = ['KIND', 'WHAT', 'ID', 'ENVIRONMENT', 'PROBLEM', 'TO DO'];
  stdout.write(`\n${columns(headings, rows, (heading) => paint(stdout, 'bold', heading))}`);
  for (const { id, reason } of findings) {
    if (reason !== undefined) stdout.write(`${paint(stdout, 'red', '✗')} ${line`${id}: ${reason}`}\n`);
  }
}

function whatToDo({ outcome, mend, deletable, advice }: Finding): string {
  if (outcome === 'mended') return 'fixed';
  if (outcome !== undefined) return outcome;
  if (mend !== undefined) return deletable ? '--fix, --delete-orphans' : '--fix';
  if (deletable) return '--delete-orphans';
  return advice === undefined || advice === 'by hand' ? 'by hand' : `recode aws ${advice}`;
}
