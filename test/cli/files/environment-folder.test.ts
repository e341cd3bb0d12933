import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deleteEnvironmentFolder, type EnvironmentFolder, environmentFolder } from '../../../cli/files/environment-folder.ts';
import { ensureKeyPair } from '../../../cli/ssh/keys.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'recode-folder-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const filesOf = (repository: string, owner = 'alice') =>
  environmentFolder({ accountId: '111122223333', region: 'eu-west-1', owner, repository }, { HOME: home });

/** Makes all files of an environment. */
function made(files: EnvironmentFolder): EnvironmentFolder {
  ensureKeyPair(files.key, '');
  for (const file of [files.knownHosts, files.sshConfig, files.execution]) writeFileSync(file, '');
  return files;
}

describe('deleteEnvironmentFolder', () => {
  it('deletes the files of an environment, and the folders that are empty then', () => {
    const files = made(filesOf('acme/api'));
    deleteEnvironmentFolder(files);
    expect(readdirSync(files.root)).toEqual([]);
  });

  it('leaves the other environments alone', () => {
    const files = made(filesOf('acme/api'));
    const others = [filesOf('acme/web'), filesOf('other/api'), filesOf('acme/api', 'bob')].map(made);
    deleteEnvironmentFolder(files);
    expect(existsSync(files.folder)).toBe(false);
    for (const other of others) expect(readdirSync(other.folder).sort()).toEqual(['execution', 'key', 'known_hosts', 'ssh_config']);
  });

  it('keeps what somebody else has put there, and the folders that lead to it', () => {
    const files = made(filesOf('acme/api'));
    writeFileSync(join(files.folder, 'notes.txt'), 'mine');
    deleteEnvironmentFolder(files);
    expect(readdirSync(files.folder)).toEqual(['notes.txt']);
    rmSync(join(files.folder, 'notes.txt'));

    made(files);
    writeFileSync(join(dirname(files.folder), 'notes.txt'), 'mine');
    deleteEnvironmentFolder(files);
    expect(readdirSync(dirname(files.folder))).toEqual(['notes.txt']);
  });

  it('deletes what is left of a folder, and takes one that is gone for deleted', () => {
    const files = filesOf('acme/api');
    mkdirSync(files.key, { recursive: true });
    writeFileSync(join(files.key, 'id_ed25519'), 'half of a pair');
    deleteEnvironmentFolder(files);
    expect(existsSync(files.folder)).toBe(false);
    expect(() => deleteEnvironmentFolder(files)).not.toThrow();
  });

  it('names a folder in whose place there is a file', () => {
    const files = filesOf('acme/api');
    mkdirSync(dirname(files.folder), { recursive: true });
    writeFileSync(files.folder, '');
    const message = `${files.folder} cannot be deleted: it is a file, not a folder.`;
    expect(() => deleteEnvironmentFolder(files)).toThrow(expect.objectContaining({ name: 'FileInPlaceOfFolder', message }));
  });
});
