import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const bin = join(root, 'bin/recode.js');
let checkout: string;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'checkout-'));
  mkdirSync(join(checkout, 'bin'));
  for (const name of readdirSync(join(root, 'bin'))) copyFileSync(join(root, 'bin', name), join(checkout, 'bin', name));
  writeFileSync(join(checkout, 'package.json'), '{"type":"module"}');
});
afterEach(() => {
  rmSync(checkout, { recursive: true });
});

const run = (...args: string[]) =>
  spawnSync(process.execPath, [join(checkout, 'bin', 'recode.js'), ...args], {
    encoding: 'utf8',
    env: { ...process.env, XDG_CACHE_HOME: join(checkout, 'cache') },
  });

function build(text: string) {
  mkdirSync(join(checkout, 'dist', 'cli'), { recursive: true });
  writeChunk('main.cjs', text);
  writeFileSync(join(checkout, 'dist', 'build.json'), '{}');
}

const writeChunk = (name: string, text: string) =>
  writeFileSync(join(checkout, 'dist', 'cli', name), `(function(exports,require,module,__filename,__dirname){${text}})`);

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

describe('compiled code', () => {
  const cache = () => join(checkout, 'cache');
  const compiled = () => join(cache(), 'recode', 'compiled');
  const runWith = (variables: NodeJS.ProcessEnv = {}, ...args: string[]) =>
    spawnSync(process.execPath, [join(checkout, 'bin', 'recode.js'), ...args], {
      encoding: 'utf8',
      env: { XDG_CACHE_HOME: cache(), ...variables },
    });
  const program = `const { hello } = require('./other.cjs'); console.log(hello());`;
  const other = `exports.hello = () => 'hello from ' + require('node:path').basename(__filename);`;
  const ran = { status: 0, stdout: 'hello from other.cjs\n', stderr: '' };
  const only = (folder: string) => {
    const names = readdirSync(folder);
    expect(names).toHaveLength(1);
    return join(folder, names[0] ?? '');
  };
  beforeEach(() => {
    build(program);
    writeChunk('other.cjs', other);
  });

  it('is kept in the cache folder of the person, and used', () => {
    expect(runWith()).toMatchObject(ran);
    const folder = only(compiled());
    expect(readdirSync(folder)).toEqual(['recode']);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const { ino } = statSync(join(folder, 'recode'));
    expect(runWith()).toMatchObject(ran);
    expect(statSync(join(folder, 'recode')).ino).toBe(ino);
  });

  it('is kept for each command, without the code of others', () => {
    build(`if (process.argv[2] === 'aws') { ${program} }`);
    expect(runWith({}, 'aws', 'list', '--json')).toMatchObject(ran);
    expect(runWith({}, 'aws', 'start', 'acme/api')).toMatchObject(ran);
    expect(runWith({}, 'local', 'status')).toMatchObject({ status: 0, stdout: '' });
    const folder = only(compiled());
    expect(readdirSync(folder).sort()).toEqual(['recode-aws-list', 'recode-aws-start', 'recode-local-status']);
    const chunksOf = (name: string) => readFileSync(join(folder, name), 'latin1').split('\n')[0];
    expect(chunksOf('recode-aws-list')).toMatch(/^ *\[\["main.cjs",\d+\],\["other.cjs",\d+\]\]$/);
    expect(chunksOf('recode-local-status')).toMatch(/^ *\[\["main.cjs",\d+\]\]$/);
  });

  it('gets the code that a command loads only with other options', () => {
    build(`if (process.argv[4] === '--hello') { ${program} }`);
    const file = () => readFileSync(join(only(compiled()), 'recode-aws-list'), 'latin1').split('\n')[0];
    runWith({}, 'aws', 'list');
    expect(file()).not.toContain('other.cjs');
    expect(runWith({}, 'aws', 'list', '--hello')).toMatchObject(ran);
    runWith({}, 'aws', 'list');
    expect(file()).toContain('other.cjs');
  });

  it('is not kept for every word that people mistype', () => {
    for (let typo = 0; typo < 3; typo += 1) runWith({}, 'aws', `--typo=${typo}`, '../../evil', 'x/y');
    const folder = only(compiled());
    expect(readdirSync(folder)).toEqual(['recode-aws']);
    for (let other = 0; other < 100; other += 1) writeFileSync(join(folder, `recode-${other}`), '');
    expect(runWith({}, 'lisst')).toMatchObject(ran);
    expect(readdirSync(folder)).not.toContain('recode-lisst');
  });

  it('of another build is not used', () => {
    expect(runWith()).toMatchObject(ran);
    writeFileSync(join(checkout, 'dist', 'build.json'), '{"build":"another"}');
    // As long as before, which is all that Node.js compares.
    writeChunk('other.cjs', other.replace('hello from', 'greet from'));
    expect(runWith()).toMatchObject({ ...ran, stdout: 'greet from other.cjs\n' });
    expect(readdirSync(compiled())).toHaveLength(2);
  });

  it('that is damaged is written again', () => {
    expect(runWith()).toMatchObject(ran);
    const file = join(only(compiled()), 'recode');
    const whole = readFileSync(file);
    writeFileSync(file, 'damaged');
    expect(runWith()).toMatchObject(ran);
    expect(readFileSync(file).length).toBe(whole.length);
  });

  it('that others can write is not used', () => {
    expect(runWith()).toMatchObject(ran);
    const folder = only(compiled());
    chmodSync(folder, 0o777);
    const evil = join(folder, 'recode');
    rmSync(evil);
    expect(runWith()).toMatchObject(ran);
    expect(existsSync(evil)).toBe(false);
  });

  it('that has not been used for a month is deleted when there is a new build', () => {
    expect(runWith()).toMatchObject(ran);
    const folder = only(compiled());
    const longAgo = new Date(Date.now() - 31 * 24 * 60 * 60 * 1000);
    utimesSync(folder, longAgo, longAgo);
    writeFileSync(join(checkout, 'dist', 'build.json'), '{"build":"another"}');
    expect(runWith()).toMatchObject(ran);
    expect(only(compiled())).not.toBe(folder);
  });

  it('is not kept where there is no folder for it, or where the person does not want it', () => {
    writeFileSync(join(checkout, 'file'), '');
    for (const variables of [
      { XDG_CACHE_HOME: join(checkout, 'file') },
      { XDG_CACHE_HOME: 'relative' },
      { NODE_DISABLE_COMPILE_CACHE: '1' },
    ])
      expect(runWith(variables)).toMatchObject(ran);
    expect(existsSync(cache())).toBe(false);
  });
});

it('shows where in a chunk an error is', () => {
  build('throw new Error("broken");');
  expect(run().stderr).toContain(`at ${join(checkout, 'dist/cli/main.cjs')}:1:62`);
});
