import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { rememberedFolder, rememberFolder } from '../../../cli/workspace/remembered-folder.ts';

let directory: string;
let files: { readonly workspace: string };
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'recode-remembered-'));
  files = { workspace: join(directory, 'workspace') };
});
afterEach(() => rmSync(directory, { recursive: true }));

it('is the folder on the instance that it was seen on, and on no other', () => {
  expect(rememberedFolder(files, 'i-1')).toBeNull();
  rememberFolder(files, '/home/dev/workspace/my api', 'i-1');
  expect(rememberedFolder(files, 'i-1')).toBe('/home/dev/workspace/my api');
  expect(rememberedFolder(files, 'i-2')).toBeNull();
  rememberFolder(files, '/home/dev/workspace/api', 'i-2');
  expect(rememberedFolder(files, 'i-2')).toBe('/home/dev/workspace/api');
});

it('is what an older version has written, which named no instance', () => {
  writeFileSync(files.workspace, '/home/dev/workspace/api\n');
  expect(rememberedFolder(files, 'i-1')).toBe('/home/dev/workspace/api');
});
