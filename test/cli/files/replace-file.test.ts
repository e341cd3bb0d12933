import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { replaceFile } from '../../../cli/files/replace-file.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'recode-replace-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

it('writes a file and its folders, and leaves nothing beside it', () => {
  const file = join(directory, 'a', 'b', 'file');
  for (const text of ['one', 'two']) {
    replaceFile(file, text);
    expect(readFileSync(file, 'utf8')).toBe(text);
  }
  expect(readdirSync(join(directory, 'a', 'b'))).toEqual(['file']);
});

it.each([
  ['its folder', 'file'],
  ['a folder above that', join('folder', 'file')],
])('says that a file is in the place of %s', (_, below) => {
  const plain = join(directory, 'plain');
  writeFileSync(plain, 'mine');
  const file = join(plain, below);
  expect(() => replaceFile(file, 'text')).toThrow(`${file} cannot be written: ${plain} is a file, not a folder`);
  expect(readFileSync(plain, 'utf8')).toBe('mine');
});

it('says that a folder is in its place, and leaves nothing beside it', () => {
  expect(() => replaceFile(directory, 'text')).toThrow(`${directory} cannot be written: a folder is in its place.`);
  expect(existsSync(directory)).toBe(true);
});
