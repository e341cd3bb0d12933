import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

let directory: string;
let packed: Packed;
let installed: string;
/** What npm installs beside the tarball on this platform, as paths of this working copy. */
let installedPackages: readonly string[];
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'recode-installation-'));
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', directory], { cwd: root });
  [packed] = JSON.parse(stdout) as [Packed];
  await run('tar', ['-xzf', packed.filename], { cwd: directory });
  installed = join(directory, 'package');
  const list = await run('npm', ['ls', '--all', '--parseable', '--omit=dev', '--workspaces=false'], { cwd: root });
  const [, ...paths] = list.stdout.trim().split('\n');
  installedPackages = paths.map((path) => relative(root, path));
  for (const path of installedPackages) cpSync(join(root, path), join(installed, path), { recursive: true });
});
afterAll(() => rmSync(directory, { recursive: true }));

describe('the npm package', () => {
  it('has the built programs, the stack, the manual pages and the licenses, and no sources', () => {
    const folders = new Set(packed.files.map(({ path }) => path.split('/').slice(0, 2).join('/')));
    expect([...folders].sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'bin/chunks.js',
      'bin/package.json',
      'bin/recode.js',
      'dist/THIRD-PARTY-LICENSES.txt',
      'dist/build.json',
      'dist/cli',
      'dist/local',
      'dist/man',
      'dist/stack',
      'package.json',
    ]);
  });

  it('comes with at most 30 packages and 40 MB', async () => {
    expect(installedPackages.length).toBeGreaterThan(2);
    expect(installedPackages.length).toBeLessThanOrEqual(29);
    const { stdout } = await run('du', ['-sk', installed]);
    expect(Number(stdout.split('\t')[0]) / 1024).toBeLessThan(40);
  });

  it('names the license of each package that it contains', () => {
    const licenses = readFileSync(join(installed, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
    for (const name of ['commander', 'ssh2', 'valibot', '@aws-sdk/client-ec2', '@middy/core', 'jq-wasm'])
      expect(licenses).toMatch(new RegExp(`^${name} \\d`, 'm'));
    for (const name of ['jq', 'oniguruma']) expect(licenses).toMatch(new RegExp(`^${name}, compiled into jq-wasm\n\n.*[Cc]opyright`, 'm'));
  });

  it('names no folder of the machine that made it', async () => {
    for (const folder of [root, `${homedir()}/`]) {
      const found = run('grep', ['-rlF', '--exclude-dir=node_modules', folder, installed]);
      // grep exits with 1 where it finds nothing.
      await expect(found, folder).rejects.toMatchObject({ code: 1, stdout: '' });
    }
  });

  it('runs the main job where nothing else is installed, and warns that there is no server to clone from', async () => {
    const env = {
      PATH: process.env.PATH,
      HOME: directory,
      RECODE_LOCAL_DIR: join(directory, 'local'),
      XDG_DATA_HOME: join(directory, 'data'),
      // As on a machine without a network.
      GITHUB_SERVER_URL: 'http://127.0.0.1:9',
    };
    const recode = (...args: string[]) => run(process.execPath, [join(installed, 'bin/recode.js'), ...args], { cwd: directory, env });
    try {
      const { stdout, stderr } = await recode('aws', 'start', 'recode-sh/workspace', '--local', '--json');
      expect(stderr).toMatch(
        /\n! The instance cannot clone http:\S+\. git says: .+ To clone the repository later, run "recode aws start .+" again\.\n$/,
      );
      const { sshCommand } = JSON.parse(stdout) as { sshCommand: string };
      const inside = await run('sh', ['-c', `${sshCommand} 'echo "inside as $USER"'`], { env });
      expect(inside.stdout).toBe('inside as recode\n');
      await recode('aws', 'remove', 'recode-sh/workspace', '--local', '--force');
    } finally {
      await recode('local', 'down');
    }
  });
});
