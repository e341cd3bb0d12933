import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { beforeEach, describe, expect, it } from 'vitest';
import { failureOf, payloadOf, useLambda } from './functions.ts';

const { deploy, directory, lambda, make, compiledFolder } = useLambda();
let program: string;

beforeEach(async () => {
  program = join(directory(), 'compile.mjs');
  const entryPoints = [join(import.meta.dirname, '../../src/lambda/compile.ts')];
  await build({ entryPoints, outfile: program, bundle: true, platform: 'node', format: 'esm', target: 'node20' });
});

/** Compiles the source of a function as the build does, and returns the names of the files with compiled code. */
function compile(source: string): string[] {
  const file = join(directory(), 'index.mjs');
  writeFileSync(file, source);
  execFileSync(process.execPath, [program, compiledFolder(), file]);
  return readdirSync(compiledFolder());
}

const describing = `import * as all from 'node:os';
import { basename } from 'node:path';
import started, { pid } from 'node:process';
export const handler = async ({ fail }) => {
  if (fail) throw new RangeError('too far');
  const { url, filename, dirname } = import.meta;
  const resolved = [import.meta.resolve('./other.mjs'), import.meta.resolve('node:fs')];
  return { url, filename, dirname, resolved, name: basename(url), same: started.pid === pid, kernel: all.type() };
};`;

describe('a function whose code the build has compiled', () => {
  it('sees its module, and the modules of Node.js, as one that is not compiled', async () => {
    const compiled = make('compiled', describing);
    const other = make('other', `${describing}\n`);
    expect(compile(describing)).toHaveLength(1);
    deploy([compiled, other]);
    const [one, two] = [
      await payloadOf<object>(lambda().invoke(compiled.arn, {})),
      await payloadOf<object>(lambda().invoke(other.arn, {})),
    ];
    const folderless = (seen: object) => JSON.stringify(seen).replaceAll(/code\/\w+/g, 'code');
    expect(folderless(one)).toBe(folderless(two));
    expect(one).toMatchObject({ name: 'index.mjs', same: true, kernel: 'Linux' });
  });

  it('is loaded from the compiled code', async () => {
    const source = 'const from = "the text";\nexport const handler = async () => from;';
    const [name = ''] = compile(source);
    // V8 compares only the length of the text: so this shows which one it has used.
    const otherText = join(directory(), 'other');
    mkdirSync(otherText);
    const others = source.replace('the text', 'the code');
    writeFileSync(join(otherText, 'index.mjs'), others);
    execFileSync(process.execPath, [program, otherText, join(otherText, 'index.mjs')]);
    const [otherName = ''] = readdirSync(otherText).filter((file) => file !== 'index.mjs');
    writeFileSync(join(compiledFolder(), name), readFileSync(join(otherText, otherName)));
    const made = make('made', source);
    expect(await payloadOf(deploy([made]).invoke(made.arn, {}))).toBe('the code');
  });

  it('has its file in the trace of an error, at the place where it is on AWS', async () => {
    const made = make('made', describing);
    compile(describing);
    const { error, cause } = await failureOf(deploy([made]).invoke(made.arn, { fail: true }));
    expect(error).toBe('RangeError');
    expect((cause.trace as string[])[1]).toMatch(/at .*handler \(file:\/\/\/var\/task\/index\.mjs:5:19\)/);
  });

  it('is loaded from its text if the code is of another version of Node.js', async () => {
    const source = 'export const handler = async () => "from the text";';
    const [name = ''] = compile(source);
    const file = join(compiledFolder(), name);
    // The header has the version.
    writeFileSync(file, readFileSync(file).fill(7, 4, 8));
    const made = make('made', source);
    expect(await payloadOf(deploy([made]).invoke(made.arn, {}))).toBe('from the text');
  });

  it.each([
    ['calls import()', 'export const handler = async () => (await import("node:path")).basename("a/b");'],
    ['imports another file', 'import "./other.mjs";\nexport const handler = async () => {};'],
  ])('is not compiled if it %s', (_, source) => {
    expect(compile(source)).toEqual([]);
  });
});
