import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aliasOf, readAliases, writeAlias } from '../../../cli/files/alias.ts';
import { deleteEnvironmentFolder, type EnvironmentPlace, environmentFolder } from '../../../cli/files/environment-folder.ts';

let home: string;
let aliases: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'recode-alias-'));
  aliases = join(home, 'recode', 'ssh');
});
afterEach(() => rmSync(home, { recursive: true }));

/** An environment that this machine has files of. */
function environment(place: Partial<EnvironmentPlace> = {}) {
  const usual = { accountId: '111122223333', region: 'eu-west-1', owner: 'alice', repository: 'acme/api' };
  const files = environmentFolder({ ...usual, ...place }, { XDG_DATA_HOME: home });
  mkdirSync(files.folder, { recursive: true });
  return files;
}
const write = (files: ReturnType<typeof environment>, address = '203.0.113.7') =>
  writeAlias(files, 'acme-api', (alias) => `Host ${alias}\n  HostName ${address}\n`);

describe('writeAlias', () => {
  it('takes the name, and rewrites what is there when the address has changed', () => {
    const files = environment();
    expect(write(files)).toBe('acme-api.recode');
    expect(write(files, '203.0.113.8')).toBe('acme-api.recode');
    const text = readFileSync(join(aliases, 'acme-api.recode'), 'utf8');
    expect(text).toBe('# Recode: 111122223333/eu-west-1/alice/acme/api\nHost acme-api.recode\n  HostName 203.0.113.8\n');
    expect(readdirSync(aliases)).toEqual(['acme-api.recode']);
    expect(statSync(join(aliases, 'acme-api.recode')).mode & 0o777).toBe(0o600);
    expect(statSync(aliases).mode & 0o777).toBe(0o700);
  });

  it('keeps those of former names, which lead where the new one leads', () => {
    const files = environment();
    write(files);
    const renamed = (address: string) => writeAlias(files, 'billing', (alias) => `Host ${alias}\n  HostName ${address}\n`);
    expect(renamed('203.0.113.7')).toBe('billing.recode');
    expect(renamed('203.0.113.8')).toBe('billing.recode');
    expect(readdirSync(aliases).toSorted()).toEqual(['acme-api.recode', 'billing.recode']);
    for (const alias of ['acme-api.recode', 'billing.recode'])
      expect(readFileSync(join(aliases, alias), 'utf8')).toContain(`Host ${alias}\n  HostName 203.0.113.8\n`);
    expect([aliasOf(files, 'billing'), aliasOf(files, 'acme-api'), aliasOf(files, 'web')]).toEqual([
      'billing.recode',
      'acme-api.recode',
      undefined,
    ]);
    // Nobody else gets the former name while a script may have it.
    expect(write(environment({ owner: 'bob' }))).toBe('acme-api.eu-west-1.recode');
    deleteEnvironmentFolder(files);
    expect(readdirSync(aliases)).toEqual(['acme-api.eu-west-1.recode']);
  });

  it('adds the region, the account and a hash while others have the name, in any order', () => {
    const first = environment({ region: 'us-east-1' });
    const region = environment();
    const account = environment({ accountId: '444455556666' });
    const repository = environment({ owner: 'bob' });
    expect(write(first)).toBe('acme-api.recode');
    expect(write(region)).toBe('acme-api.eu-west-1.recode');
    expect(write(account)).toBe('acme-api.eu-west-1.444455556666.recode');
    // Two environments of one account had the name, one after the other.
    expect(write(repository)).toBe('acme-api.eu-west-1.111122223333.recode');
    expect(write(environment({ owner: 'carol' }))).toMatch(/^acme-api\.eu-west-1\.111122223333\.[0-9a-f]{12}\.recode$/);
    expect([first, region, account, repository].map((files) => write(files))).toEqual([
      'acme-api.recode',
      'acme-api.eu-west-1.recode',
      'acme-api.eu-west-1.444455556666.recode',
      'acme-api.eu-west-1.111122223333.recode',
    ]);
  });

  it('tells two embedded AWS from each other, and from AWS', () => {
    const [one, other] = ['/one', '/other'].map((stateDirectory) => environment({ stateDirectory })) as [
      ReturnType<typeof environment>,
      ReturnType<typeof environment>,
    ];
    write(environment());
    expect(write(one)).toBe('acme-api.local.recode');
    expect(write(other)).toMatch(/^acme-api\.local\.[0-9a-f]{12}\.recode$/);
  });

  it('keeps its alias when a shorter one becomes free', () => {
    const [first, second] = [environment({ region: 'us-east-1' }), environment()];
    write(first);
    write(second);
    deleteEnvironmentFolder(first);
    expect(write(second)).toBe('acme-api.eu-west-1.recode');
    expect(readdirSync(aliases)).toEqual(['acme-api.eu-west-1.recode']);
  });

  it('takes over the alias of an environment whose folder is gone', () => {
    const first = environment({ region: 'us-east-1' });
    write(first);
    rmSync(first.folder, { recursive: true });
    expect(write(environment())).toBe('acme-api.recode');
    expect(readAliases(aliases).map(({ id }) => id)).toEqual(['111122223333/eu-west-1/alice/acme/api']);
  });

  it('leaves files of others alone, and has no alias where they have all names', () => {
    const files = environment();
    mkdirSync(aliases, { recursive: true });
    writeFileSync(join(aliases, 'acme-api.recode'), 'Host mine\n');
    expect(write(files)).toBe('acme-api.eu-west-1.recode');
    const names = ['acme-api', ...files.qualifiers].map((_, last, parts) => parts.slice(0, last + 1).join('.'));
    for (const name of names) writeFileSync(join(aliases, `${name}.recode`), '');
    expect(write(files)).toBeUndefined();
    expect(readAliases(aliases)).toEqual([]);
  });

  it('names a folder that cannot be written', () => {
    mkdirSync(join(home, 'recode'), { recursive: true });
    writeFileSync(aliases, '');
    const message = `${join(aliases, 'acme-api.recode')} cannot be written: ${aliases} is a file, not a folder.`;
    expect(() => write(environment())).toThrow(expect.objectContaining({ name: 'FileInPlaceOfFolder', message }));
  });
});

it('goes with the folder of its environment, and no other', () => {
  const [first, second] = [environment({ region: 'us-east-1' }), environment()];
  write(first);
  write(second);
  writeFileSync(join(aliases, 'notes.recode'), 'Host mine\n');
  deleteEnvironmentFolder(second);
  expect(readdirSync(aliases)).toEqual(['acme-api.recode', 'notes.recode']);
});
