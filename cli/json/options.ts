import { type Command, Option } from 'commander';
import { heading } from '../help.ts';

/** --json and --jq as commander hands them over. */
export interface JsonFlags {
  /** True for --json without fields. */
  readonly json?: string | true;
  readonly jq?: string;
}

/**
 * Adds --json with the fields that may be chosen and lists these in the help, and --jq.
 *
 * @param others the fields instead of these with an option, by that
 */
export function addJsonOptions(
  command: Command,
  fields: readonly string[],
  others: Readonly<Record<string, readonly string[]>> = {},
): Command {
  const sections = [
    ['JSON fields:', fields] as const,
    ...Object.entries(others).map(([option, those]) => [`JSON fields with ${option}:`, those] as const),
  ];
  const help = sections.map(([title, those]) => `\n${heading(title)}\n${lines(those).join('\n')}`).join('\n');
  return command
    .option('--json [fields]', 'print the result as JSON, or only these fields of it, and progress to stderr')
    .addOption(new Option('--jq <expression>', 'filter the JSON with a jq expression'))
    .addHelpText('after', help);
}

// As wide as a terminal usually is.
const widest = 78;

function lines(fields: readonly string[]): string[] {
  const text: string[] = [];
  for (const field of fields) {
    const line = text.at(-1);
    if (line === undefined || `${line}, ${field},`.length > widest) text.push(`  ${field}`);
    else text[text.length - 1] = `${line}, ${field}`;
  }
  return text.map((line, index) => (index === text.length - 1 ? line : `${line},`));
}
