import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { environmentFolder } from '../../cli/files/environment-folder.ts';
import { dataFolder, type System } from '../../cli/home.ts';
import { shellQuoteOn } from '../../cli/shell-quote.ts';
import { sshCommand, writeSshConfig } from '../../cli/ssh/config.ts';

const windows: System = { platform: 'win32', home: () => 'C:\\Users\\Ada Byron' };
const mac: System = { platform: 'darwin', home: () => '/Users/ada' };
const place = { accountId: '111122223333', region: 'eu-west-1', owner: 'ada', repository: 'Acme/api' };

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'recode-platforms-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

// Where `gh` has its data: pkg/config of github.com/cli/go-gh, DataDir().
describe('the folder for data', () => {
  it.each([
    ['of macOS', mac, { HOME: '/Users/ada' }, '/Users/ada/.local/share'],
    ['of macOS without HOME', mac, {}, '/Users/ada/.local/share'],
    ['of macOS with XDG_DATA_HOME', mac, { HOME: '/Users/ada', XDG_DATA_HOME: '/Volumes/data' }, '/Volumes/data'],
    ['of Windows', windows, { LOCALAPPDATA: 'D:\\Local' }, 'D:\\Local'],
    ['of Windows with XDG_DATA_HOME', windows, { LOCALAPPDATA: 'D:\\Local', XDG_DATA_HOME: 'E:\\data' }, 'E:\\data'],
    ['of Windows without variables', windows, {}, 'C:\\Users\\Ada Byron\\AppData\\Local'],
    ['of Windows, where Git Bash sets HOME', windows, { HOME: '/c/Users/ada', LOCALAPPDATA: 'D:\\Local' }, 'D:\\Local'],
  ])('%s', (_, system, variables, folder) => {
    expect(dataFolder(variables, system)).toBe(folder);
  });
});

describe('the files of an environment on Windows', () => {
  const files = environmentFolder(place, { LOCALAPPDATA: 'C:\\Users\\Ada Byron\\AppData\\Local' }, windows);

  it('have paths of Windows', () => {
    expect(files.key).toBe('C:\\Users\\Ada Byron\\AppData\\Local\\recode\\keys\\111122223333\\eu-west-1\\ada\\acme\\api\\key');
  });

  // https://learn.microsoft.com/windows/win32/fileio/naming-a-file: reserved names, also with an extension; no dot at the end.
  it.each(['con', 'PRN', 'aux.js', 'nul', 'com1', 'LPT9.txt', 'api.'])('have no name that Windows reserves: %s', (name) => {
    const { folder } = environmentFolder({ ...place, repository: `acme/${name}` }, { LOCALAPPDATA: 'C:\\L' }, windows);
    const last = folder.split('\\').at(-1) ?? '';
    expect(last).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)|\.$/i);
    expect(last).toContain(name.toLowerCase());
  });

  it('are given to ssh with slashes, in double quotes, which cmd.exe and PowerShell both take', () => {
    const config = 'C:/Users/Ada Byron/AppData/Local/recode/keys/111122223333/eu-west-1/ada/acme/api/ssh_config';
    expect(sshCommand(files, 'acme-api', 'win32')).toBe(`ssh -F "${config}" acme-api`);
  });

  it('are written to the configuration in a way that OpenSSH reads back', () => {
    const sshConfig = join(directory, 'ssh_config');
    const host = { name: 'acme-api', repository: 'acme/api', address: '192.0.2.1', privateKeyFile: `${files.key}\\id_ed25519` };
    writeSshConfig({ ...files, sshConfig }, host, 'win32');
    expect(readFileSync(sshConfig, 'utf8')).not.toContain('\\');
    const { stdout } = spawnSync('ssh', ['-G', '-F', sshConfig, 'acme-api'], { encoding: 'utf8' });
    const key = 'C:/Users/Ada Byron/AppData/Local/recode/keys/111122223333/eu-west-1/ada/acme/api/key/id_ed25519';
    expect(stdout).toContain(`\nidentityfile ${key}\n`);
  });
});

it('quotes words on macOS as a POSIX shell reads them back', () => {
  const words = ["it's", '$HOME `id`', 'a\\b "c"', '/Users/ada/Library/Application Support', ''];
  const { stdout } = spawnSync('/bin/sh', ['-c', `printf '%s\\n' ${words.map((word) => shellQuoteOn('darwin', word)).join(' ')}`], {
    encoding: 'utf8',
  });
  expect(stdout).toBe(`${words.join('\n')}\n`);
});
