import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { spawn } from '@lydell/node-pty';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundle } from '../harness/bundle.ts';
import { expectFailure } from '../harness/failure.ts';
import { recode } from '../harness/recode.ts';

const question = 'These are lost:\n  the disk\n  the key\nRemove acme/api?';
const ctrl = { C: '\x03', D: '\x04' };

let directory: string;
let program: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'recode-confirm-'));
  program = await bundle(
    directory,
    'asks',
    `import { confirm } from './cli/confirm.ts';
           import { streamTo } from './cli/output.ts';
           const [stdout, stderr] = [streamTo(process.stdout), streamTo(process.stderr)];
           const meant = await confirm(${JSON.stringify(question)}, { json: process.argv[2] === '--json', stdout, stderr });
           console.log(JSON.stringify({ meant }));
           // Nothing is left that would keep the process alive.
           process.stdin.destroy();`,
  );
});
afterAll(() => rmSync(directory, { recursive: true }));

interface Shown {
  readonly text: string;
  readonly code: number;
}

/** Runs a shell command in a terminal, and types the keys once the question is there. */
async function inTerminal(command: string, keys: string, env: NodeJS.ProcessEnv = process.env): Promise<Shown> {
  const terminal = spawn('/bin/sh', ['-c', command], { cols: 200, rows: 24, env });
  let shown = '';
  let typed = false;
  terminal.onData((text) => {
    shown += text;
    if (typed || !shown.includes('[y/N] ')) return;
    typed = true;
    terminal.write(keys);
  });
  const code = await new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
  return { text: stripVTControlCharacters(shown).replaceAll('\r', ''), code };
}

const asks = () => `${process.execPath} ${program}`;

describe('on a terminal', () => {
  it.each(['y', 'Y', 'yes', 'YES', ' yes '])('%j is a yes', async (answer) => {
    const { text, code } = await inTerminal(asks(), `${answer}\r`);
    expect(text).toBe(`${question} [y/N] ${answer}\n{"meant":true}\n`);
    expect(code).toBe(0);
  });

  it.each(['', 'n', 'no', 'yo', 'yess', 'acme/api'])('%j is a no, which is said and makes the exit code 1', async (answer) => {
    const { text, code } = await inTerminal(asks(), `${answer}\r`);
    expect(text).toBe(`${question} [y/N] ${answer}\nCancelled.\n{"meant":false}\n`);
    expect(code).toBe(1);
  });

  it.each([
    ['C', 130],
    ['D', 1],
  ] as const)('Ctrl-%s is a no, ends the line, and makes the exit code %i', async (key, exits) => {
    const { text, code } = await inTerminal(asks(), ctrl[key]);
    expect(text).toBe(`${question} [y/N] \nCancelled.\n{"meant":false}\n`);
    expect(code).toBe(exits);
  });

  it('Ctrl-C after a yes that was not sent is a no', async () => {
    expect((await inTerminal(asks(), `y${ctrl.C}`)).text).toContain('{"meant":false}');
  });

  it.each([
    ['y', '', true],
    ['n', 'Cancelled.\n', false],
  ])('all that is for people goes to stderr with --json: %s', async (answer, said, meant) => {
    const result = join(directory, 'result.json');
    const { text } = await inTerminal(`${asks()} --json > ${result}`, `${answer}\r`);
    expect(text).toBe(`${question} [y/N] ${answer}\n${said}`);
    expect(JSON.parse(readFileSync(result, 'utf8'))).toEqual({ meant });
  });
});

describe('recode local reset', () => {
  const args = ['local', 'reset'];
  let local: string;
  let variables: NodeJS.ProcessEnv;
  beforeEach(() => {
    const home = mkdtempSync(join(directory, 'home-'));
    local = join(home, 'local');
    mkdirSync(local);
    writeFileSync(join(local, 'settings.json'), JSON.stringify({ holds: 'the state of the embedded AWS', region: 'eu-west-1' }));
    variables = { PATH: process.env.PATH, HOME: home, RECODE_LOCAL_DIR: local };
  });
  const asked = () => `Delete all local environments and their files in ${local}?`;
  const command = `${process.execPath} ${join(import.meta.dirname, '../../bin/recode.js')} local reset`;
  const reset = (keys: string) => inTerminal(command, keys, variables);

  it('deletes after a yes', async () => {
    expect(await reset('y\r')).toEqual({ text: `${asked()} [y/N] y\nDeleted the embedded AWS in ${local}\n`, code: 0 });
    expect(existsSync(local)).toBe(false);
  });

  it.each([
    ['n\r', 1],
    [ctrl.C, 130],
    [ctrl.D, 1],
  ])('deletes nothing after %j, and exits with %i', async (keys, exits) => {
    const { text, code } = await reset(keys);
    expect(text).toMatch(/\[y\/N\] n?\nCancelled\.\n$/);
    expect(code).toBe(exits);
    expect(existsSync(join(local, 'settings.json'))).toBe(true);
  });

  it('refuses without a terminal, and names what it would have asked', async () => {
    const ran = await recode(args, { directory, env: { RECODE_LOCAL_DIR: local }, input: 'y\n' });
    expectFailure(ran, args, {
      name: 'ConfirmationRequired',
      message: `This command asks for confirmation, but this is not a terminal: ${asked()}`,
    });
    expect(ran.stderr).toContain('"recode local reset --force"');
    expect(existsSync(join(local, 'settings.json'))).toBe(true);
  });

  it.each([
    ['the question would not be seen', `${command} | cat`],
    ['the answer comes from somewhere else', `echo y | ${command}`],
  ])('refuses where %s', async (_, piped) => {
    const { text } = await inTerminal(piped, '', variables);
    expect(text).toContain('✗ Confirmation required');
    expect(existsSync(join(local, 'settings.json'))).toBe(true);
  });

  it('asks nothing with --force', async () => {
    const ran = await recode([...args, '--force'], { directory, env: { RECODE_LOCAL_DIR: local } });
    expect(ran).toMatchObject({ code: 0, stdout: `Deleted the embedded AWS in ${local}\n`, stderr: '' });
    expect(existsSync(local)).toBe(false);
  });
});
