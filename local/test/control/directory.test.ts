import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { down, type Installation, reset, stateDirectory, status, up } from '../../src/control/control.ts';
import { type Built, buildMain, expectFilled, fill, tableNames } from '../harness/control.ts';
import { alive } from '../harness/process.ts';

let built: Built;
let parent: string;
let directory: string;
let installation: Installation;

beforeAll(async () => {
  built = await buildMain();
});

afterAll(() => {
  built.remove();
});

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'control-'));
  directory = join(parent, 'local');
  installation = built.installation(directory);
});

afterEach(async () => {
  await down({ directory });
  rmSync(parent, { recursive: true });
});

describe('a start that fails', () => {
  it('names a damaged file, does not change it, and succeeds after it is repaired', async () => {
    const running = await up(installation);
    await fill(running);
    await down(installation);
    for (const file of ['settings.json', 'state/ec2.json'].map((name) => join(directory, name))) {
      const text = readFileSync(file, 'utf8');
      const damaged = text.slice(0, -5);
      writeFileSync(file, damaged);
      await expect(up(installation)).rejects.toMatchObject({ name: 'StateDamaged', file, message: expect.stringContaining(file) });
      expect(readFileSync(file, 'utf8')).toBe(damaged);
      expect(await status(installation)).toMatchObject({ running: false });
      writeFileSync(file, text);
    }
    await expectFilled(await up(installation));
  });

  it('names a damaged database', async () => {
    const running = await up(installation);
    await fill(running);
    await down(installation);
    const file = join(directory, 'state', 'dynamodb');
    writeFileSync(join(file, 'CURRENT'), 'something else\n');
    await expect(up(installation)).rejects.toMatchObject({ name: 'StateDamaged', file });
    expect(readFileSync(join(file, 'CURRENT'), 'utf8')).toBe('something else\n');
  });

  it('shows the end of the log', async () => {
    const broken = join(parent, 'broken.js');
    writeFileSync(broken, 'console.error("the last words"); process.exit(3);');
    await expect(up({ ...installation, mainFile: broken })).rejects.toMatchObject({
      name: 'EmbeddedAwsDidNotStart',
      logFile: join(directory, 'embedded-aws.log'),
      message: expect.stringMatching(/exit code 3.*the last words/s),
    });
  });

  it('does not show the log of earlier processes', async () => {
    await up(installation);
    await down(installation);
    const broken = join(parent, 'broken.js');
    writeFileSync(broken, 'console.error("the last words"); process.exit(3);');
    await expect(up({ ...installation, mainFile: broken })).rejects.toMatchObject({ logTail: 'the last words' });
  });

  it('says what is wrong with the packaged stack', async () => {
    const nowhere = join(parent, 'nowhere');
    await expect(up({ ...installation, packageDirectory: nowhere })).rejects.toMatchObject({
      name: 'EmbeddedAwsDidNotStart',
      message: expect.stringContaining(nowhere),
    });
    await up(installation);
  });

  it('names a directory that it cannot write', async () => {
    writeFileSync(join(parent, 'file'), '');
    for (const unwritable of [join(parent, 'file'), join(parent, 'file', 'below'), '/proc/1/below']) {
      await expect(up({ ...installation, directory: unwritable })).rejects.toMatchObject({
        name: 'StateDirectoryNotWritable',
        directory: unwritable,
        message: expect.stringContaining(unwritable),
      });
    }
  });

  it('refuses a directory with other files, and does not change it', async () => {
    mkdirSync(join(directory, 'photos'), { recursive: true, mode: 0o755 });
    await expect(up(installation)).rejects.toMatchObject({ name: 'NotAStateDirectory', message: expect.stringContaining(directory) });
    expect(readdirSync(directory)).toEqual(['photos']);
    expect(statSync(directory).mode & 0o777).toBe(0o755);
  });
});

describe('reset', () => {
  it('stops the process and deletes its state', async () => {
    const running = await up(installation, { region: 'eu-west-1' });
    await fill(running);
    expect(await reset(installation)).toBe(true);
    expect(alive(running.pid)).toBe(false);
    expect(existsSync(directory)).toBe(false);
    const fresh = await up(installation);
    expect(fresh.region).toBe('us-east-1');
    expect(await tableNames(fresh)).toEqual([]);
  });

  it('deletes damaged state', async () => {
    await up(installation);
    await down(installation);
    writeFileSync(join(directory, 'settings.json'), '{');
    expect(await reset(installation)).toBe(true);
    expect(existsSync(directory)).toBe(false);
  });

  it('keeps other files', async () => {
    await up(installation);
    writeFileSync(join(directory, 'notes.txt'), 'mine');
    expect(await reset(installation)).toBe(true);
    expect(readdirSync(directory)).toEqual(['notes.txt']);
  });

  it('refuses any other directory', async () => {
    for (const entries of [['photos'], ['state'], ['settings.json', 'photos'], ['state', 'photos']]) {
      mkdirSync(directory);
      for (const entry of entries) {
        if (entry.endsWith('.json')) writeFileSync(join(directory, entry), '{"region":"us-east-1"}');
        else mkdirSync(join(directory, entry));
      }
      await expect(reset(installation)).rejects.toMatchObject({ name: 'NotAStateDirectory', message: expect.stringContaining(directory) });
      expect(readdirSync(directory).sort()).toEqual([...entries].sort());
      rmSync(directory, { recursive: true });
    }
  });

  it('does nothing if there is no state', async () => {
    expect(await reset(installation)).toBe(false);
    mkdirSync(directory);
    expect(await reset(installation)).toBe(false);
    expect(existsSync(directory)).toBe(true);
  });
});

describe('the state directory', () => {
  const of = (variables: NodeJS.ProcessEnv) => stateDirectory(variables, 'EMBEDDED_DIR', 'product/local');

  it('is the value of the variable, or in the XDG state folder, or in the home folder', () => {
    expect(of({ EMBEDDED_DIR: '/a/b', XDG_STATE_HOME: '/x', HOME: '/h' })).toBe('/a/b');
    expect(of({ EMBEDDED_DIR: 'b' })).toBe(resolve('b'));
    expect(of({ XDG_STATE_HOME: '/x', HOME: '/h' })).toBe('/x/product/local');
    expect(of({ XDG_STATE_HOME: 'relative', HOME: '/h' })).toBe('/h/.local/state/product/local');
    expect(of({ HOME: '/h' })).toBe('/h/.local/state/product/local');
    expect(of({})).toBe(join(userInfo().homedir, '.local/state/product/local'));
  });
});
