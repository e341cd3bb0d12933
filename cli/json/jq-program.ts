import type { loadJq } from 'jq-wasm';

type Jq = Pick<Awaited<ReturnType<typeof loadJq>>, 'raw'>;

/** What jq has made of an input, or its own message. */
export type JqAnswer = { readonly outputs: readonly unknown[] } | { readonly error: string };

/** A jq expression on jq itself. */
export function jqProgram(jq: Jq, expression: string) {
  // jq takes a program that begins with a hyphen for one of its options.
  const program = expression.startsWith('-') ? ` ${expression}` : expression;
  const run = (input: string): JqAnswer => {
    const { stdout, stderr, exitCode } = jq.raw(input, program, ['-c']);
    if (exitCode !== 0) return { error: messageOf(stderr) };
    return { outputs: stdout === '' ? [] : stdout.split('\n').map((output) => JSON.parse(output) as unknown) };
  };
  return {
    /** Whether the expression is valid: without an input, jq compiles it and runs nothing. */
    check: () => run(''),
    /** Runs it on a JSON text. */
    run,
  };
}

/** jq's message, without its name, the place in its input, and the count of errors. */
function messageOf(stderr: string): string {
  const lines = stderr.trimEnd().split('\n');
  const told = lines.filter((line) => !/^jq: \d+ compile errors?$/.test(line));
  return told
    .join('\n')
    .replace(/^jq: error(?: \(at [^)]*\))?:? ?/gm, '')
    .trimEnd();
}
