import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { rememberedTime, rememberTime } from '../../../cli/execution/remembered-time.ts';
import { deleteEnvironmentFolder, type EnvironmentFolder, environmentFolder } from '../../../cli/files/environment-folder.ts';

let data: string;
let files: EnvironmentFolder;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'recode-time-'));
  files = environmentFolder(
    { accountId: '111122223333', region: 'eu-west-1', owner: 'alice', repository: 'acme/api' },
    { XDG_DATA_HOME: data },
  );
});
afterEach(() => rmSync(data, { recursive: true }));

const arn = (name: string) => `arn:aws:states:eu-west-1:111122223333:execution:recode-stop:${name}`;
const time = { beforeMilliseconds: 700, followedMilliseconds: 4_000, afterMilliseconds: 20 };

it('is that of the last execution, until the files of the environment are deleted', () => {
  mkdirSync(files.folder, { recursive: true });
  expect(rememberedTime(files, arn('one'))).toBeUndefined();
  rememberTime(files, arn('one'), { beforeMilliseconds: 700 });
  expect(rememberedTime(files, arn('one'))).toEqual({ beforeMilliseconds: 700 });
  rememberTime(files, arn('other'), time);
  expect(rememberedTime(files, arn('one'))).toBeUndefined();
  expect(rememberedTime(files, arn('other'))).toEqual(time);
  deleteEnvironmentFolder(files);
  expect(rememberedTime(files, arn('other'))).toBeUndefined();
});

it('is of no environment that has no files here', () => {
  rememberTime(files, arn('one'), time);
  expect(rememberedTime(files, arn('one'))).toBeUndefined();
});

it.each(['', '{"executionArn":', '{"executionArn":1}'])('is unknown where its file has %j', (text) => {
  mkdirSync(files.folder, { recursive: true });
  writeFileSync(files.cliTime, text);
  expect(rememberedTime(files, arn('one'))).toBeUndefined();
});

it('names the file that it cannot read', () => {
  mkdirSync(files.cliTime, { recursive: true });
  expect(() => rememberedTime(files, arn('one'))).toThrow(
    expect.objectContaining({ name: 'KeysNotReadable', message: expect.stringContaining(`${files.cliTime} cannot be read`) }),
  );
});
