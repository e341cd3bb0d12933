import { spawnSync } from 'node:child_process';
import { loadJq } from 'jq-wasm';
import { describe, expect, it } from 'vitest';
import { jqProgram } from '../../../cli/json/jq-program.ts';

const jq = await loadJq();
const environments = [
  { repository: 'acme/api', owner: 'alice', status: 'started', allowCidrs: ['0.0.0.0/0'], volumeSizeGiB: 16, stopAt: null },
  { repository: 'acme/web', owner: 'bob', status: 'stopped', allowCidrs: [], volumeSizeGiB: 40, stopAt: 'x\ty "z" é' },
];
const input = JSON.stringify(environments);
const installed = spawnSync('jq', ['--version']).status === 0;

// The second and the third are examples of the jq manual.
const expressions: readonly (readonly [expression: string, outputs: readonly unknown[]])[] = [
  ['.[0].owner', ['alice']],
  ['[.[] | .volumeSizeGiB] | add', [56]],
  ['map(has("owner"))', [[true, true]]],
  ['.[] | select(.status == "started") | .owner', ['alice']],
  ['.[] | [.repository, .stopAt] | @tsv', ['acme/api\t', 'acme/web\tx\\ty "z" é']],
  ['.[] | [.repository, .stopAt] | @csv', ['"acme/api",', '"acme/web","x\ty ""z"" é"']],
  ['group_by(.status) | map({(.[0].status): length}) | add', [{ started: 1, stopped: 1 }]],
  ['.[] as {owner: $o, status: $s} | "\\($o): \\($s)"', ['alice: started', 'bob: stopped']],
  ['.[].stopAt', [null, 'x\ty "z" é']],
  ['.[] | try error("no") catch .', ['no', 'no']],
  ['to_entries | map(select(.value.owner | test("^A"; "i")) | .key)', [[0]]],
  ['def f(x): x * 2; .[] | f(.volumeSizeGiB)', [32, 80]],
  ['empty', []],
  ['-1', [-1]],
  ['.[].allowCidrs[]', ['0.0.0.0/0']],
  ['reduce .[] as $e (0; . + $e.volumeSizeGiB)', [56]],
  ['limit(1; .[])|keys_unsorted|.[0]', ['repository']],
];

describe('a jq expression', () => {
  it.each(expressions)('has the outputs of the manual: %s', (expression, outputs) => {
    const program = jqProgram(jq, expression);
    expect(program.check()).toEqual({ outputs: [] });
    expect(program.run(input)).toEqual({ outputs });
  });

  it.skipIf(!installed).each(expressions)('has the outputs of the jq of this machine: %s', (expression) => {
    const { stdout, status } = spawnSync('jq', ['-c', ` ${expression}`], { input, encoding: 'utf8' });
    expect(status).toBe(0);
    const outputs = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as unknown]));
    expect(jqProgram(jq, expression).run(input)).toEqual({ outputs });
  });

  it.each([
    ['.[', 'syntax error, unexpected end of file at <top-level>, line 1, column 2:\n    .[\n     ^'],
    ['nope', 'nope/0 is not defined at <top-level>, line 1, column 1:\n    nope\n    ^^^^'],
    ['--arg', 'arg/0 is not defined'],
  ])('that is not valid says what jq says: %s', (expression, error) => {
    expect(jqProgram(jq, expression).check()).toEqual({ error: expect.stringContaining(error) });
  });

  it.each(['[repeat(1)]', 'def f: [f]; f'])('that never ends is refused once memory is used up: %s', async (expression) => {
    // Its instance cannot be used again.
    const program = jqProgram(await loadJq(), expression);
    expect(program.run(input)).toEqual({ error: 'it needs more memory than jq has. Does it end?' });
  });

  it.each([
    ['.[0].owner.x', 'Cannot index string with string ("x")'],
    ['.[] | error("no \\(.owner)")', 'no alice'],
    ['1, ("text" | halt_error)', 'text'],
  ])('that fails on a value says why: %s', (expression, error) => {
    const program = jqProgram(jq, expression);
    expect(program.check()).toEqual({ outputs: [] });
    expect(program.run(input)).toEqual({ error });
  });
});
