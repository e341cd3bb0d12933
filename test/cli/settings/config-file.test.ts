import {
  chmodSync,
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
import type { System } from '../../../cli/home.ts';
import { changeConfig, configFile, readConfig } from '../../../cli/settings/config-file.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'recode-config-file-'));
  file = join(directory, 'recode', 'config.json');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const saved = () => JSON.parse(readFileSync(file, 'utf8')) as unknown;
const write = (text: string) => {
  mkdirSync(join(directory, 'recode'), { recursive: true });
  writeFileSync(file, text);
};
const with1 = (key: string) => (config: object) => ({ ...config, [key]: 1 });

const windows: System = { platform: 'win32', home: () => 'C:\\Users\\Ada' };
const mac: System = { platform: 'darwin', home: () => '/Users/ada' };

// Where `gh` has its configuration: pkg/config of github.com/cli/go-gh, ConfigDir().
it.each([
  [mac, { HOME: '/Users/ada' }, '/Users/ada/.config/recode/config.json'],
  [mac, {}, '/Users/ada/.config/recode/config.json'],
  [mac, { HOME: '/Users/ada', XDG_CONFIG_HOME: '/etc/ada' }, '/etc/ada/recode/config.json'],
  [mac, { HOME: '/Users/ada', XDG_CONFIG_HOME: 'relative' }, '/Users/ada/.config/recode/config.json'],
  [windows, { APPDATA: 'D:\\Roaming' }, 'D:\\Roaming\\recode\\config.json'],
  [windows, { APPDATA: 'D:\\Roaming', XDG_CONFIG_HOME: 'E:\\c' }, 'E:\\c\\recode\\config.json'],
  [windows, { HOME: '/c/Users/ada' }, 'C:\\Users\\Ada\\AppData\\Roaming\\recode\\config.json'],
])('is where the system has the settings of all programs: %#', (system, variables, expected) => {
  expect(configFile(variables, system)).toBe(expected);
});

describe('a change', () => {
  it('makes the file for its owner alone, and leaves nothing else behind', async () => {
    await changeConfig(file, with1('a'));
    expect(saved()).toEqual({ a: 1 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'recode')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(directory, 'recode'))).toEqual(['config.json']);
  });

  it('keeps what it does not know, also behind a byte order mark', async () => {
    write('\uFEFF{ "later": { "deep": [1] }, "__proto__": 2 }');
    await changeConfig(file, with1('a'));
    expect(readFileSync(file, 'utf8')).toBe('{\n  "later": {\n    "deep": [\n      1\n    ]\n  },\n  "__proto__": 2,\n  "a": 1\n}\n');
  });

  it('goes through a link to the file that somebody keeps elsewhere', async () => {
    const kept = join(directory, 'dotfiles.json');
    writeFileSync(kept, '{}');
    mkdirSync(join(directory, 'recode'));
    symlinkSync(kept, file);
    await changeConfig(file, with1('a'));
    expect(JSON.parse(readFileSync(kept, 'utf8'))).toEqual({ a: 1 });
  });

  it('waits for another one, and adds to what that has saved', async () => {
    write('{}');
    writeFileSync(`${file}.lock`, '');
    const change = changeConfig(file, with1('a'));
    write('{ "other": 1 }');
    rmSync(`${file}.lock`);
    await change;
    expect(saved()).toEqual({ other: 1, a: 1 });
  });

  it('does not wait for one that was killed', async () => {
    write('{}');
    writeFileSync(`${file}.lock`, '');
    const long = new Date(Date.now() - 60_000);
    utimesSync(`${file}.lock`, long, long);
    await changeConfig(file, with1('a'));
    expect(saved()).toEqual({ a: 1 });
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it.each(['{ "a": ', '', '[]', '"text"', 'null'])('leaves a damaged file as it is: %j', async (text) => {
    write(text);
    await expect(changeConfig(file, with1('a'))).rejects.toMatchObject({ name: 'ConfigDamaged', message: expect.stringContaining(file) });
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(readdirSync(join(directory, 'recode'))).toEqual(['config.json']);
  });

  it('says why it is not possible', async () => {
    writeFileSync(join(directory, 'recode'), '');
    await expect(changeConfig(file, with1('a'))).rejects.toMatchObject({
      name: 'ConfigNotWritable',
      message: `${join(directory, 'recode')} cannot be written: a file is where one of its folders should be.`,
    });
  });
});

describe('reading', () => {
  it('finds nothing where there is no file', () => {
    expect(readConfig(file)).toEqual({});
  });

  it('says why it is not possible', () => {
    mkdirSync(file, { recursive: true });
    expect(() => readConfig(file)).toThrow(
      expect.objectContaining({ name: 'ConfigNotReadable', message: `${file} cannot be read: a folder is in its place.` }),
    );
    rmSync(file, { recursive: true });
    write('{}');
    chmodSync(file, 0o000);
    if (process.getuid?.() !== 0) expect(() => readConfig(file)).toThrow(expect.objectContaining({ name: 'ConfigNotReadable' }));
  });
});
