import type { loadJq } from 'jq-wasm';

type Jq = Pick<Awaited<ReturnType<typeof loadJq>>, 'raw'>;

/** What jq has made of an input, or its own message. */
export type JqAnswer = { readonly outputs: readonly unknown[] } | { readonly error: string };

/** A jq expression on jq itself. */
export function jqProgram(jq: Jq, expression: string) {
  // jq takes a program that begins with a hyphen for one of its options.
  const program = expression.startsWith('-') ? ` ${expression}` : expression;
  const run = (input: string): JqAnswer => {
    const { stdout, stderr, exitCode } = rawUnlessAborted(jq, input, program);
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

/** jq's own result, or one for an expression that jq cannot finish. */
function rawUnlessAborted(jq: Jq, input: string, program: string): ReturnType<Jq['raw']> {
  try {
    return jq.raw(input, program, ['-c']);
  } catch (error) {
    if (!(error instanceof Error && ['RuntimeError', 'RangeError'].includes(error.name))) throw error;
    return { stdout: '', stderr: 'it needs more memory than jq has. Does it end?', exitCode: 1 };
  }
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
