import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const built = join(root, 'dist/functions');
const bundles = readdirSync(built).filter((file) => file.endsWith('.mjs'));
const run = promisify(execFile);
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'recode-bundles-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function digestsOf(folder: string): Record<string, string> {
  const digest = (file: string) =>
    createHash('sha256')
      .update(readFileSync(join(folder, file)))
      .digest('hex');
  return Object.fromEntries(readdirSync(folder).map((file) => [file, digest(file)]));
}

describe('the bundles', () => {
  it.each(bundles)('stay under 440 KB: %s', (file) => {
    expect(statSync(join(built, file)).size).toBeLessThan(440 * 1024);
  });

  it('load where there is nothing but Node.js itself', async () => {
    const empty = mkdtempSync(join(directory, 'empty-'));
    for (const file of bundles) cpSync(join(built, file), join(empty, file));
    const script = bundles.map((file) => `console.log(typeof (await import('./${file}')).handler);`).join('\n');
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: empty });
    expect(stdout.trim().split('\n')).toEqual(bundles.map(() => 'function'));
  });

  it('and their zips are the same, byte for byte, from another working copy, at another time and in another time zone', async () => {
    const copy = mkdtempSync(join(directory, 'working-copy-'));
    for (const path of ['aws', 'core', 'functions', 'scripts', 'package.json', 'tsconfig.json']) {
      cpSync(join(root, path), join(copy, path), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const script = `
      import { bundleFunctions, functionFiles } from './scripts/bundle.mjs';
      await bundleFunctions(await functionFiles(), 'built');`;
    const env = { ...process.env, TZ: 'Asia/Kathmandu' };
    await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: copy, env });
    const digests = digestsOf(join(copy, 'built'));
    expect(Object.keys(digests)).toHaveLength(2 * bundles.length);
    expect(digests).toEqual(digestsOf(built));
  });

  it.each(bundles)('name no folder of the machine that made them: %s', (file) => {
    const text = readFileSync(join(built, file), 'utf8');
    for (const folder of [root, `${homedir()}/`, `${tmpdir()}/`, 'node_modules/']) expect(text.includes(folder), folder).toBe(false);
  });
});
