import { translate } from '../aws/errors.ts';
import { catalog, type ErrorName, exitCodes, type RecodeError } from '../core/errors.ts';
import type { AccountOptions } from './account.ts';
import { accountFlags } from './account-flags.ts';
import { explanations } from './explanations.ts';
import { indent, type Output, paint, writeJson } from './output.ts';
import { shellQuote } from './shell-quote.ts';
import { unreachable } from './unreachable.ts';

/** A failure as the person sees it. */
export interface Failure {
  readonly name: ErrorName;
  readonly title: string;
  readonly message: string;
  readonly nextStep: string;
}

/** The command that was given, for next steps that name it. */
export interface GivenCommand {
  /** What was typed after `recode`. */
  readonly argv: readonly string[];
  /** The command's own name, such as `recode aws start`. */
  readonly usage: string;
  /** Whether it is a group of commands, such as `recode aws`. */
  readonly group?: boolean;
  /** As it was typed, where the command is about one. */
  readonly repository?: string | undefined;
  readonly owner?: string | undefined;
  readonly account?: Partial<AccountOptions>;
}

/** Makes any thrown error what the person sees: what happened, and what to do about it. */
export function describeFailure(error: unknown, command: GivenCommand): Failure {
  const { name, message, fix, again } = recodeErrorOf(error);
  const { title, nextStep } = explanations[name];
  const placeholders: Readonly<Record<string, string>> = {
    ...placeholdersFor(command),
    ...(again !== undefined && { command: again, result: again }),
    fix,
  };
  return { name, title, message, nextStep: nextStep.replace(/\{(\w+)\}/g, (text, key: string) => placeholders[key] ?? text) };
}

/** The exit code of a failure, by its row of the catalog. */
export function exitCodeOf({ name }: Failure): number {
  return exitCodes[catalog[name].outcome];
}

/** Shows a failure: as JSON on stdout where that was asked for without --jq, else in words on stderr. RECODE_DEBUG=1 adds the stack. */
export function showFailure(output: Output, failure: Failure, error: unknown, variables: NodeJS.ProcessEnv): void {
  const { name, title, message, nextStep } = failure;
  if (output.json && !output.filtered) writeJson(output, { error: { name, title, message, nextStep } });
  else {
    const { stderr } = output;
    stderr.write(`${paint(stderr, 'red', '✗')} ${paint(stderr, 'bold', title)}\n${indent(message)}\n\n${indent(nextStep)}\n`);
  }
  if (variables.RECODE_DEBUG === '1') output.stderr.write(`\n${stackOf(error)}\n`);
}

function recodeErrorOf(error: unknown): RecodeError {
  return unreachable(error) ?? translate(error);
}

/** What the placeholders of the explanations stand for. */
function placeholdersFor({ argv, usage, group = false, repository, owner, account = {} }: GivenCommand): Readonly<Record<string, string>> {
  const flags = accountFlags(account);
  const which = [...(owner === undefined ? [] : ['--owner', owner]), ...flags];
  const environment = [repository === undefined ? '<repository>' : shellQuote(repository), ...which.map(shellQuote)].join(' ');
  return {
    command: quoted(['recode', ...argv]),
    // A second one would stop the instance again.
    result:
      usage === 'recode aws restart' || usage === 'recode aws move' ? `recode aws follow ${environment}` : quoted(['recode', ...argv]),
    usage,
    offer: group ? 'the commands' : 'its arguments and options',
    account: flags.length === 0 ? '' : ` ${quoted(flags)}`,
    environment,
    // An uninstall waits for what runs on the network, and only the list says whose environment that is for.
    progress: repository === undefined ? quoted(['recode', 'aws', 'list', '--all', ...flags]) : `recode aws follow ${environment}`,
  };
}

const quoted = (words: readonly string[]) => words.map(shellQuote).join(' ');

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\nCaused by: ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
