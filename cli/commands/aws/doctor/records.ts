import { everyFinding } from '../../../../aws/executions/findings.ts';
import { mostDeleted, type ReconcileInput, ReconcileOutput } from '../../../../core/document.ts';
import type { Finding } from '../../../../core/finding.ts';
import type { Account } from '../../../account.ts';
import type { Clients } from '../../../clients.ts';
import { confirm } from '../../../confirm.ts';
import { checkedSentences } from '../../../execution/control-plane.ts';
import { follow, startOperation } from '../../../execution/operation.ts';
import type { Session } from '../../../execution/session.ts';
import type { Failure } from '../../../failure.ts';
import type { Explain } from '../../../machine/explain.ts';
import { columns, line, type Output, paint } from '../../../output.ts';

/** What one check of the records has led to. */
export interface Checked {
  readonly installed: boolean;
  readonly findings: readonly Finding[];
  readonly executionArn: string;
}

interface Asked {
  readonly fix: boolean;
  readonly deleteOrphans: boolean;
  readonly force: boolean;
}

interface Context {
  readonly explain: Explain;
  readonly session: Session;
  readonly output: Output;
}

/**
 * Compares the records with AWS. If something can be fixed or deleted, and that was asked for, a second check does it, once somebody has agreed.
 *
 * @returns why the records could not be compared, or `declined` if somebody has not agreed
 * @throws RecodeError what the second check fails with, and ConfirmationRequired
 */
export async function compareRecords(
  { account, clients }: { readonly account: Account; readonly clients: Clients },
  { fix, deleteOrphans, force }: Asked,
  { explain, session, output }: Context,
): Promise<Checked | { readonly error: Failure } | 'declined'> {
  const check = (input: ReconcileInput) => checkRecords(clients, account, input, session);
  const plan = await check({}).catch((error: unknown) => ({ error: explain(error) }));
  if ('error' in plan) return plan;
  const fixable = fix && plan.findings.some((finding) => finding.fix !== undefined);
  const ids = deleteOrphans ? plan.findings.flatMap(({ id, deletable }) => (deletable ? [id] : [])).slice(0, mostDeleted) : [];
  if (!fixable && ids.length === 0) return plan;
  if (!force) {
    if (!output.json) printRecords(plan, account.region, output);
    if (!(await confirm(question({ fixable, ids }, account), output))) return 'declined';
  }
  return check({ ...(fixable && { extent: 'all' as const }), ...(ids.length > 0 && { delete: ids }) });
}

async function checkRecords(clients: Clients, account: Account, input: ReconcileInput, session: Session): Promise<Checked> {
  const executionArn = await startOperation(clients, account, { kind: 'reconcile', input }, session);
  const known = { sentences: checkedSentences(clients, executionArn) };
  const { result } = await follow(clients, account, executionArn, ReconcileOutput, session, known);
  if (result.status === 'not-installed') return { installed: false, findings: [], executionArn };
  const { found, deletion } = result;
  const findings = found.more > 0 ? await everyFinding(clients.sfn, executionArn) : found.first;
  const deleted = deletion?.deleted ?? [];
  const kept = new Map((deletion?.kept ?? []).map(({ id, reason }) => [id, reason]));
  const concluded = findings.map((finding): Finding => {
    if (deleted.includes(finding.id)) return { ...finding, outcome: 'fixed' };
    const reason = kept.get(finding.id);
    return reason === undefined ? finding : { ...finding, outcome: 'failed', reason };
  });
  return { installed: true, findings: concluded, executionArn };
}

function question(
  { fixable, ids }: { readonly fixable: boolean; readonly ids: readonly string[] },
  { region, accountId }: Account,
): string {
  const deletion = ids.length > 0 ? [`This deletes from ${region} in account ${accountId}:`, ...ids.map((id) => `  ${id}`)] : [];
  return [...deletion, ids.length > 0 ? (fixable ? 'Delete it and fix the rest?' : 'Delete it?') : 'Fix what is safe to fix?'].join('\n');
}

/** Whether there is still something to do. */
export const isLeft = ({ outcome }: Finding) => outcome !== 'fixed';

/** Shows what differs, with what to do about it. */
export function printRecords({ installed, findings }: Checked, region: string, { stdout }: Output): void {
  if (!installed) {
    stdout.write(`\nRecode is not installed in ${region}.\n`);
    return;
  }
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

function whatToDo({ outcome, fix, deletable, advice }: Finding): string {
  if (outcome === 'fixed') return 'fixed';
  if (outcome !== undefined) return outcome;
  if (fix !== undefined) return deletable ? '--fix, --delete-orphans' : '--fix';
  if (deletable) return '--delete-orphans';
  return advice === undefined || advice === 'by hand' ? 'by hand' : `recode aws ${advice}`;
}
