import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { forgetExecution, rememberExecution, rememberedExecution } from '../../../cli/execution/remembered-execution.ts';
import { environmentFolder } from '../../../cli/files/environment-folder.ts';

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'recode-remembered-'));
});
afterEach(() => rmSync(data, { recursive: true }));

const files = (XDG_DATA_HOME = data) =>
  environmentFolder({ accountId: '111122223333', region: 'eu-west-1', owner: 'alice', repository: 'acme/api' }, { XDG_DATA_HOME });
const arn = (name: string) => `arn:aws:states:eu-west-1:111122223333:execution:recode-stop:${name}`;

it('remembers the latest execution until it is told to forget', () => {
  expect(rememberedExecution(files())).toBeUndefined();
  rememberExecution(files(), arn('one'));
  rememberExecution(files(), arn('other'));
  expect(rememberedExecution(files())).toBe(arn('other'));
  forgetExecution(files());
  expect(rememberedExecution(files())).toBeUndefined();
  expect(() => forgetExecution(files())).not.toThrow();
});

it('names the file that it cannot read', () => {
  const file = join(data, 'file');
  writeFileSync(file, '');
  const problem = {
    name: 'FileInPlaceOfFolder',
    message: expect.stringMatching(/execution cannot be read: .*\/file is a file, not a folder\.$/),
  };
  expect(() => rememberedExecution(files(file))).toThrow(expect.objectContaining(problem));
});
