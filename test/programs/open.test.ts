import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { deployForTests } from '../harness/deployment.ts';
import { type StandIns, standIns } from '../harness/editors.ts';
import { expectAllRaised, expectFailure, expectNothingChanged, raisedBy } from '../harness/failure.ts';
import { keys, type User } from '../harness/users.ts';
import { runStop } from '../harness/workflows.ts';

const directory = mkdtempSync(join(tmpdir(), 'recode-open-'));
afterAll(() => rmSync(directory, { recursive: true }));
const config = join(directory, 'config');
let programs: StandIns;
let env: Record<string, string>;
let aws: TestAws;
let alice: User;
/** The home folder of the instance. */
let home: string;

deployForTests(async (deployed, user) => {
  aws = deployed;
  alice = user('alice');
  const started = await alice.run(['start', 'acme/api', '--no-clone', '--json']);
  expect(started.code, started.stderr).toBe(0);
  await alice.run(['start', 'acme/next.js', '--no-clone', '--json']);
  home = (await inEnvironment('pwd')).trim();
  await inEnvironment('mkdir -p workspace/api');
});

beforeEach(() => {
  programs = standIns(directory);
  env = { PATH: programs.PATH, RECODE_SSH_CONFIG: config };
  rmSync(config, { force: true });
  rmSync(settings(), { force: true });
});

const settings = () => join(alice.files('acme/api').root, '..', '..', '..', '..', '.config', 'recode', 'config.json');
const setting = () => (existsSync(settings()) ? (JSON.parse(readFileSync(settings(), 'utf8')) as unknown) : undefined);
const setEditor = (editor: string) => {
  mkdirSync(join(settings(), '..'), { recursive: true });
  writeFileSync(settings(), JSON.stringify({ editor }));
};
const inEnvironment = async (command: string) => (await alice.run(['ssh', 'acme/api', '--home', '--', command])).stdout;
const configure = () => alice.run(['config-ssh'], { env });
const open = (...args: string[]) => ['open', 'acme/api', ...args];
const opened = (...args: string[]) => alice.run(open(...args), { env });
const inTerminal = (args: readonly string[], answers: readonly (readonly [string, string])[]) => alice.inTerminal(args, answers, env);

describe('an editor gets the host and the folder of the clone, and connects with them:', () => {
  const cases = [
    ['code', 'code', 'VS Code', (path: string) => ['--remote', 'ssh-remote+acme-api.recode', `${path}/`]],
    ['cursor', 'cursor', 'Cursor', (path: string) => ['--remote', 'ssh-remote+acme-api.recode', `${path}/`]],
    ['windsurf', 'windsurf', 'Windsurf', (path: string) => ['--remote', 'ssh-remote+acme-api.recode', `${path}/`]],
    ['zed', 'zed', 'Zed', (path: string) => [`ssh://acme-api.recode${path}`]],
    ['zed', 'zeditor', 'Zed', (path: string) => [`ssh://acme-api.recode${path}`]],
    [
      'idea',
      'xdg-open',
      'JetBrains Gateway',
      (path: string) => [
        `jetbrains-gateway://connect#type=ssh&deploy=false&host=acme-api.recode&port=2200&user=recode&projectPath=${encodeURIComponent(path)}`,
      ],
    ],
  ] as const;

  it(cases.map(([, program]) => program).join(', '), async () => {
    await configure();
    // The second name of an editor counts where the first one is not there.
    for (const present of [cases.filter(([, program]) => program !== 'zeditor'), cases.filter(([, program]) => program === 'zeditor')]) {
      programs = standIns(directory);
      for (const [, program] of present) programs.add(program);
      await Promise.all(
        present.map(async ([editor, program, title, args]) => {
          const path = `${home}/workspace/api`;
          const { code, stdout, stderr } = await opened('--editor', editor);
          expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `✓ Opened acme/api in ${title}: ${path}\n`, stderr: '' });
          expect(programs.recorded(program)).toEqual({ args: args(path), folder: path });
        }),
      );
    }
  });
});

it('opens a repository whose name has a dot as a folder, and the home folder while there is no clone', async () => {
  programs.add('code');
  await configure();
  const { stdout, stderr } = await alice.run(['open', 'acme/next.js', '--editor', 'code'], { env });
  const [, elsewhere = ''] = /: (.*)\n$/.exec(stdout) ?? [];
  expect(stderr).toBe('! The environment has no folder ~/workspace/next.js, so its home folder opens.\n');
  expect(programs.recorded('code')).toEqual({ args: ['--remote', 'ssh-remote+acme-next-js.recode', `${elsewhere}/`], folder: elsewhere });
  await alice.run(['ssh', 'acme/next.js', '--home', '--', 'mkdir -p workspace/next.js']);
  await alice.run(['open', 'acme/next.js', '--editor', 'code'], { env });
  expect(programs.recorded('code').args.at(-1)).toBe(`${elsewhere}/workspace/next.js/`);
});

describe('which editor', () => {
  it('is the setting', async () => {
    programs.add('zed');
    await configure();
    setEditor('zed');
    expect((await opened()).stdout).toContain('Opened acme/api in Zed');
  });

  it('is asked once on a terminal, of those on the PATH, and remembered', async () => {
    for (const name of ['cursor', 'zed', 'xdg-open']) programs.add(name);
    await configure();
    const { text, code } = await inTerminal(open(), [
      ['Number: ', `7${keys.enter}`],
      ['Number: ', `2${keys.enter}`],
    ]);
    expect(text).toMatch(
      /^Which editor do you want to open environments in\?\n {2}1 {2}Cursor \(cursor\)\n {2}2 {2}Zed \(zed\)\n {2}3 {2}JetBrains Gateway \(idea\)\n {2}4 {2}none\nNumber: 7\nNumber: 2\nSaved as the setting "editor"/,
    );
    expect(text).toContain('Opened acme/api in Zed');
    expect(code).toBe(0);
    expect(setting()).toEqual({ editor: 'zed' });
    expect((await inTerminal(open(), [])).text).not.toContain('Number');
  });

  it('stays open at Ctrl-C', async () => {
    programs.add('zed');
    const { text, code } = await inTerminal(open(), [['Number: ', keys.ctrlC]]);
    expect(text).toMatch(/Cancelled\.\n$/);
    expect(code).toBe(130);
    expect(setting()).toBeUndefined();
  });

  it('cannot be chosen where there is none, in a terminal neither', async () => {
    const { text, code } = await inTerminal(open(), []);
    expect(text).toContain(
      'No editor was chosen. None of the editors that Recode knows is on the PATH: code, cursor, windsurf, zed, idea.',
    );
    expect(text).not.toContain('not a terminal');
    expect(code).toBe(2);
  });

  it('has to be said without a terminal', async () => {
    programs.add('zed');
    const message = 'No editor was chosen, and this is not a terminal. Recode found: zed.';
    expectFailure(await opened(), ['aws', ...open()], { name: 'EditorNotChosen', message });
    setEditor('none');
    const none = 'Your setting "editor" is none. Recode found: zed.';
    expectFailure(await opened(), ['aws', ...open()], { name: 'EditorNotChosen', message: none });
  });

  it('has to be on the PATH', async () => {
    programs.add('zed');
    const message = 'There is no "code" on the PATH. Recode found: zed.';
    const args = open('--editor', 'code');
    expectFailure(await opened('--editor', 'code'), ['aws', ...args], { name: 'EditorNotFound', message });
  });

  it('can be none, for a start alone', async () => {
    expect((await opened('--editor', 'none')).stdout).toMatch(/^acme\/api is started\. To connect, run:\n {2}ssh -F .+ acme-api\n$/);
    await configure();
    expect((await opened('--editor', 'none')).stdout).toBe('acme/api is started. To connect, run:\n  ssh acme-api.recode\n');
  });

  it('is one of those that Recode knows', async () => {
    expect((await opened('--editor', 'emacs')).stderr).toContain(
      "Invalid --editor 'emacs'. Use code, cursor, windsurf, zed, idea or none.",
    );
  });
});

describe('the line in the SSH configuration', () => {
  it('is needed', async () => {
    programs.add('code');
    const args = open('--editor', 'code');
    const line = `Include "${alice.files('acme/api').aliases}/*.recode"`;
    const message = `VS Code connects by the hosts in ${config}, which lacks this line:\n${line}`;
    expectFailure(await opened('--editor', 'code'), ['aws', ...args], { name: 'SshConfigNotIncluded', message });
    expect(existsSync(config)).toBe(false);
  });

  it('is added on a terminal after a yes alone', async () => {
    programs.add('code');
    const no = await inTerminal(open('--editor', 'code'), [['[y/N] ', keys.enter]]);
    expect(no.text).toMatch(
      /^VS Code connects by host name\. For that, .+ needs this line at its top:\n {2}Include .+\nAdd it\? \[y\/N\] /,
    );
    expect(no.code).toBe(1);
    expect(existsSync(config)).toBe(false);
    const yes = await inTerminal(open('--editor', 'code'), [['[y/N] ', `y${keys.enter}`]]);
    expect(yes.text).toContain('Opened acme/api in VS Code');
    expect(readFileSync(config, 'utf8')).toContain('Include ');
  });
});

it('says that the editor fails', async () => {
  programs.addScript('code', 'echo no display >&2; exit 3\n');
  await configure();
  const { code, stdout, stderr } = await opened('--editor', 'code');
  expect(stderr.startsWith('no display\n')).toBe(true);
  const message = `VS Code did not open: ${programs.PATH}/code ended with exit code 3.`;
  const args = ['aws', ...open('--editor', 'code')];
  expectFailure({ code, stdout, stderr: stderr.slice('no display\n'.length) }, args, { name: 'EditorFailed', message });
});

it('says that the shell of the environment fails', async () => {
  programs.add('code');
  await configure();
  const args = ['open', 'acme/next.js', '--editor', 'code'];
  await alice.run(['ssh', 'acme/next.js', '--home', '--', 'echo "exit 0" | tee .bashrc > .profile']);
  const ran = await alice.run(args, { env });
  const [address] = /127\.\d+\.\d+\.\d+/.exec(ran.stderr) ?? [];
  const message = `The shell at ${address} does not say where its home folder is.`;
  expectFailure(ran, ['aws', ...args], { name: 'RemoteShellFails', message });
});

describe('an environment that is stopped', () => {
  it('is started only if that is asked for', async () => {
    programs.add('code');
    await configure();
    await runStop(aws);
    await aws.delete('calls');
    const args = open('--editor', 'code');
    expectFailure(await opened('--editor', 'code'), ['aws', ...args], { name: 'EnvironmentNotStarted', message: 'acme/api is stopped.' });
    await expectNothingChanged(aws);
    expect((await opened('--editor', 'code', '--start')).stdout).toMatch(/\n✓ Opened acme\/api in VS Code: .+\n$/);
  });
});

describe('recode aws start', () => {
  const start = (...args: string[]) => inTerminal(['start', 'acme/api', '--no-clone', ...args], []);

  it('opens the editor of the setting at its end, on a terminal alone', async () => {
    programs.add('code');
    await configure();
    setEditor('code');
    expect((await start()).text).toMatch(/acme\/api is already started\n(.+\n)+\n(.+\n)+✓ Opened acme\/api in VS Code: .+\n$/);
    for (const { text } of [await start('--no-open'), await start('--json')]) expect(text).not.toContain('Opened');
    expect((await alice.run(['start', 'acme/api', '--no-clone'], { env })).stdout).not.toContain('Opened');
  });

  it('has succeeded if the editor does not open, and says how to open it', async () => {
    await configure();
    setEditor('code');
    const { text, code } = await start();
    expect(text).toMatch(
      /\n! There is no "code" on the PATH\. No other editor that Recode knows is there\.\nTo open it later, run "recode aws open acme\/api"\.\n$/,
    );
    expect(code).toBe(0);
  });

  it('asks at the first start alone, and only where there is an editor', async () => {
    programs.add('xdg-open');
    expect((await start()).text).not.toContain('Number');
    expect((await inTerminal(['start', 'acme/web', '--no-clone'], [])).text).not.toContain('Number');
    programs.add('zed');
    await configure();
    const { text, code } = await inTerminal(['start', 'acme/app', '--no-clone'], [['Number: ', `zed${keys.enter}`]]);
    expect(text).toContain('Opened acme/app in Zed');
    expect(code).toBe(0);
    expect(setting()).toEqual({ editor: 'zed' });
  });
});

it('raises the errors that it is there for', () => expectAllRaised(raisedBy.open));
