import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unpackCode } from '../../src/lambda/code.ts';
import { openLog } from '../../src/lambda/log.ts';
import { zipFunction } from './functions.ts';

let packages: string;
let state: string;
beforeEach(() => {
  packages = mkdtempSync(join(tmpdir(), 'lambda-package-'));
  state = mkdtempSync(join(tmpdir(), 'lambda-state-'));
  rmSync(state, { recursive: true });
});
afterEach(() => {
  for (const directory of [packages, state]) rmSync(directory, { recursive: true, force: true });
});

it('does not return with the code of a function', () => {
  const { zipFile } = zipFunction(packages, 'who', '');
  expect(() => unpackCode(zipFile, join(state, 'code'))).toThrow(/ENOENT/);
  expect(existsSync(state)).toBe(false);
});

it('does not return with a log', () => {
  expect(() => openLog(join(state, 'logs/who.log'))).toThrow(/ENOENT/);
  expect(existsSync(state)).toBe(false);
});
