import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ensureFolder, openStore, StateDamaged } from '../src/store.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'store-'));
});
afterEach(() => {
  if (existsSync(directory)) chmodSync(directory, 0o700);
  rmSync(directory, { recursive: true, force: true });
});

const asIs = (json: unknown) => json;

it('reads what was written last', () => {
  const store = openStore(directory);
  store.write('ec2.json', { vpcs: [] });
  store.write('ec2.json', { vpcs: ['vpc-1'] });
  expect(openStore(directory).read('ec2.json', asIs)).toEqual({ vpcs: ['vpc-1'] });
});

it('reads nothing before the first write', () => {
  expect(openStore(directory).read('ec2.json', asIs)).toBeUndefined();
});

it('creates a folder once, and none above it', () => {
  const folder = join(directory, 'logs');
  ensureFolder(folder);
  ensureFolder(folder);
  expect(readdirSync(directory)).toEqual(['logs']);
  rmSync(directory, { recursive: true });
  expect(() => ensureFolder(folder)).toThrow(/ENOENT/);
  expect(existsSync(directory)).toBe(false);
});

it('replaces the whole document, and leaves no other files', () => {
  const store = openStore(directory);
  // From a kill during a write.
  writeFileSync(join(directory, 'ec2.json.next'), '{"vpcs": [');
  store.write('ec2.json', 1);
  expect(readdirSync(directory)).toEqual(['ec2.json']);
  expect(store.read('ec2.json', asIs)).toBe(1);
});

it('keeps the old document if the new one cannot be written', () => {
  const store = openStore(directory);
  store.write('ec2.json', 'old');
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  expect(() => store.write('ec2.json', circular)).toThrow(TypeError);
  expect(store.read('ec2.json', asIs)).toBe('old');
});

it.each([
  ['cut short', '{"vpcs": ['],
  ['empty', ''],
  ['something else', '\u0000\u0001'],
])('names a file that is %s, and does not change it', (_, text) => {
  const file = join(directory, 'ec2.json');
  writeFileSync(file, text);
  const damaged = expect.objectContaining({ name: 'StateDamaged', file, message: expect.stringContaining(file) });
  expect(() => openStore(directory).read('ec2.json', asIs)).toThrow(damaged);
  expect(readFileSync(file, 'utf8')).toBe(text);
});

it('names a file with a wrong shape', () => {
  const store = openStore(directory);
  store.write('ec2.json', { version: 2 });
  const parse = () => {
    throw new Error('version 2 is unknown');
  };
  expect(() => store.read('ec2.json', parse)).toThrow(StateDamaged);
  expect(() => store.read('ec2.json', parse)).toThrow(/ec2\.json.*version 2 is unknown/);
});

it('names a file that cannot be read', () => {
  mkdirSync(join(directory, 'ec2.json'));
  expect(() => openStore(directory).read('ec2.json', asIs)).toThrow(StateDamaged);
});
