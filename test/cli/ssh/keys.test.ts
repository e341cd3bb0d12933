import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { environmentFolder } from '../../../cli/files/environment-folder.ts';
import { ensureKeyPair, readKeyPair } from '../../../cli/ssh/keys.ts';
import { bundle } from '../../harness/bundle.ts';

let directory: string;
let folder: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'recode-keys-'));
  folder = join(directory, 'keys', 'acme', 'api', 'key');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('ensureKeyPair', () => {
  it('makes a key that OpenSSH reads and nobody else may', () => {
    const { privateKeyFile, publicKey } = ensureKeyPair(folder, 'recode acme/api');
    expect(publicKey).toMatch(/^ssh-ed25519 AAAA\S+ recode acme\/api$/);
    const read = execFileSync('ssh-keygen', ['-y', '-f', privateKeyFile], { encoding: 'utf8' });
    expect(read.split(' ')[1]).toBe(publicKey.split(' ')[1]);
    expect(statSync(privateKeyFile).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(dirname(folder)).mode & 0o777).toBe(0o700);
  });

  it('keeps the key that is there', () => {
    const made = ensureKeyPair(folder, 'one');
    const privateKey = readFileSync(made.privateKeyFile, 'utf8');
    expect(ensureKeyPair(folder, 'other')).toEqual(made);
    expect(readFileSync(made.privateKeyFile, 'utf8')).toBe(privateKey);
  });

  it('leaves out a comment that the control plane would refuse', () => {
    const { publicKey } = ensureKeyPair(folder, 'alice');
    writeFileSync(join(folder, 'id_ed25519.pub'), publicKey.replace('alice', 'Zoë\u0090'));
    expect(readKeyPair(folder)?.publicKey).toBe(publicKey.replace(' alice', ''));
  });

  it('makes one key for eight processes at once', async () => {
    const program = await bundle(
      directory,
      'ensure-key',
      `import { ensureKeyPair } from './cli/ssh/keys.ts';
             // All of them are loaded before the first begins.
             process.stdin.once('data', () => { console.log(ensureKeyPair(process.argv[2], String(process.pid)).publicKey); process.exit(); });
             process.stdout.write('ready\\n');`,
    );
    const children = Array.from({ length: 8 }, () => {
      const child = spawn(process.execPath, [program, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
      const printed: string[] = [];
      child.stdout.setEncoding('utf8').on('data', (text: string) => printed.push(text));
      return { child, printed };
    });
    await Promise.all(children.map(({ child }) => once(child.stdout, 'data')));
    for (const { child } of children) child.stdin.write('go\n');
    await Promise.all(children.map(({ child }) => once(child, 'close')));
    const keys = new Set(children.map(({ printed }) => printed.join('').replace('ready\n', '').trim()));
    expect([...keys]).toEqual([readKeyPair(folder)?.publicKey]);
    expect(readdirSync(dirname(folder))).toEqual(['key']);
  });

  it('names a folder that cannot be made', () => {
    writeFileSync(join(directory, 'keys'), 'a file where a folder should be');
    const message = `${join(folder, 'id_ed25519')} cannot be read: ${join(directory, 'keys')} is a file, not a folder.`;
    expect(() => ensureKeyPair(folder, '')).toThrow(expect.objectContaining({ name: 'FileInPlaceOfFolder', message }));
  });

  it('names a file that is in its place', () => {
    mkdirSync(dirname(folder), { recursive: true });
    writeFileSync(folder, '');
    const message = `${join(folder, 'id_ed25519')} cannot be read: ${folder} is a file, not a folder.`;
    expect(() => ensureKeyPair(folder, '')).toThrow(expect.objectContaining({ name: 'FileInPlaceOfFolder', message }));
  });
});

describe('environmentFolder', () => {
  const place = { accountId: '111122223333', region: 'eu-west-1', owner: 'alice', repository: 'Acme/API' };

  it('lies below the XDG data folder, or the home', () => {
    expect(environmentFolder(place, { XDG_DATA_HOME: '/data', HOME: '/home/alice' }).folder).toBe(
      '/data/recode/keys/111122223333/eu-west-1/alice/acme/api',
    );
    expect(environmentFolder(place, { XDG_DATA_HOME: 'relative', HOME: '/home/alice' }).folder).toBe(
      '/home/alice/.local/share/recode/keys/111122223333/eu-west-1/alice/acme/api',
    );
  });

  it('is another one for another state directory of the embedded AWS, and for repositories with the same slug', () => {
    const folderOf = (changes: Partial<typeof place> & { stateDirectory?: string }) =>
      environmentFolder({ ...place, ...changes }, { HOME: '/home/alice' }).folder;
    const folders = [
      folderOf({}),
      folderOf({ stateDirectory: '/one' }),
      folderOf({ stateDirectory: '/other' }),
      folderOf({ repository: 'acme/a-b' }),
      folderOf({ repository: 'acme-a/b' }),
    ];
    expect(new Set(folders).size).toBe(folders.length);
  });
});
