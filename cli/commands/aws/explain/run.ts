import { catalog, type ErrorName, RecodeError } from '../../../../core/errors.ts';
import { meantErrors } from '../../../did-you-mean.ts';
import { explanations } from '../../../explanations.ts';
import { describeFailure, exitCodeOf } from '../../../failure.ts';
import { columns, indent, line, type Output, paint, writeJson } from '../../../output.ts';
import { didYouMean } from '../../../unknown.ts';

const names = Object.keys(catalog) as ErrorName[];

// An explanation names the command that failed. Nobody has run one here.
const anyCommand = 'recode <command>';

/**
 * Explains an error, or lists all of them.
 *
 * @param name in any case
 * @throws RecodeError UsageNotValid for a name that no error has
 */
export function runExplain(name: string | undefined, output: Output): void {
  if (name === undefined) list(output);
  else explain(known(name), output);
}

function list(output: Output): void {
  const { stdout } = output;
  if (output.json) writeJson(output, names.map(explanationOf));
  else {
    const rows = names.map((name) => [name, explanations[name].title]);
    stdout.write(columns(['NAME', 'TITLE'], rows, (heading) => paint(stdout, 'bold', heading)));
  }
}

function explain(name: ErrorName, output: Output): void {
  const explanation = explanationOf(name);
  const { stdout } = output;
  if (output.json) writeJson(output, explanation);
  else {
    const { title, nextStep, exitCode } = explanation;
    stdout.write(`${paint(stdout, 'bold', title)} (${name})\n\n${indent(nextStep)}\n\nExit code: ${exitCode}\n`);
  }
}

function explanationOf(errorName: ErrorName) {
  const error = new RecodeError(errorName, '', { again: anyCommand, fix: '<command in the error>' });
  const failure = describeFailure(error, { argv: [], usage: anyCommand });
  const { name, title, nextStep } = failure;
  return { name, title, nextStep, exitCode: exitCodeOf(failure) };
}

function known(typed: string): ErrorName {
  const found = names.find((name) => name.toLowerCase() === typed.toLowerCase());
  if (found) return found;
  const meant = didYouMean(meantErrors(typed, names).map((name) => `"recode aws explain ${name}"`));
  throw new RecodeError('UsageNotValid', line`Unknown error '${typed}'.${meant} To list all errors, run "recode aws explain".`);
}
