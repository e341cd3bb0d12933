import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import module from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const bin = join(root, 'bin/recode.js');
let checkout: string;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'checkout-'));
  mkdirSync(join(checkout, 'bin'));
  copyFileSync(bin, join(checkout, 'bin', 'recode.js'));
  writeFileSync(join(checkout, 'package.json'), '{"type":"module"}');
});
afterEach(() => {
  rmSync(checkout, { recursive: true });
});

const run = (...args: string[]) => spawnSync(process.execPath, [join(checkout, 'bin', 'recode.js'), ...args], { encoding: 'utf8' });

function build(text: string) {
  mkdirSync(join(checkout, 'dist', 'cli'), { recursive: true });
  writeFileSync(join(checkout, 'dist', 'cli', 'main.js'), text);
  writeFileSync(join(checkout, 'dist', 'build.json'), '{}');
}

it('is executable', () => {
  expect(statSync(bin).mode & 0o111).toBe(0o111);
});

it('says what to run first where nothing is built', () => {
  expect(run('aws', 'start')).toMatchObject({ status: 1, stdout: '', stderr: 'recode is not built yet: run "npm ci" first\n' });
});

it('takes what was not built to its end for not built', () => {
  build('console.log("ran");');
  rmSync(join(checkout, 'dist', 'build.json'));
  expect(run()).toMatchObject({ status: 1, stdout: '', stderr: 'recode is not built yet: run "npm ci" first\n' });
});

it('runs what is built, with its arguments, and quietens the warning of the AWS SDK', () => {
  build(`console.log(process.argv.slice(2).join(' '), process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED);
    process.exitCode = 7;`);
  expect(run('aws', 'start')).toMatchObject({ status: 7, stdout: 'aws start true\n', stderr: '' });
});

it('has the version of what is built, not of what was pulled since', () => {
  cpSync(join(root, 'dist', 'cli'), join(checkout, 'dist', 'cli'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
  writeFileSync(join(checkout, 'dist', 'build.json'), '{"version":"1.2.3"}');
  writeFileSync(join(checkout, 'package.json'), '{"type":"module","version":"1.3.0"}');
  expect(run('--version')).toMatchObject({ status: 0, stdout: '1.2.3\n', stderr: '' });
});

it('names the Node.js it needs', () => {
  build('console.log("ran");');
  writeFileSync(join(checkout, 'older.cjs'), 'Object.defineProperty(process.versions, "node", { value: "20.18.3" });');
  const main = join(checkout, 'bin', 'recode.js');
  const older = spawnSync(process.execPath, ['--require', join(checkout, 'older.cjs'), main], { encoding: 'utf8' });
  expect(older).toMatchObject({ status: 1, stdout: '', stderr: 'recode needs Node.js 20.19 or newer; this is 20.18.3.\n' });
});

it.each(['--version', '-v'])('prints the version without loading what commands need: %s', (option) => {
  build('throw new Error("loaded");');
  writeFileSync(join(checkout, 'dist', 'build.json'), '{"version":"1.2.3"}');
  expect(run(option)).toMatchObject({ status: 0, stdout: '1.2.3\n', stderr: '' });
  expect(run(option, '--json').stderr).toContain('Error: loaded');
});

it.runIf('enableCompileCache' in module)('keeps compiled code in the cache folder of the person', () => {
  build('console.log("ran");');
  const XDG_CACHE_HOME = join(checkout, 'cache');
  const args = [join(checkout, 'bin', 'recode.js')];
  expect(spawnSync(process.execPath, args, { encoding: 'utf8', env: { XDG_CACHE_HOME } })).toMatchObject({ status: 0, stdout: 'ran\n' });
  expect(readdirSync(join(XDG_CACHE_HOME, 'recode', 'compiled'))).toHaveLength(1);
});
