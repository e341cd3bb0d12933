import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { expectAllRaised, expectFailure, raisedBy } from '../../harness/failure.ts';
import { runStop } from '../../harness/workflows.ts';
import { deployWorkspace } from '../../harness/workspace.ts';

const there = deployWorkspace();
const start = (...options: string[]) => there.run(['start', 'acme/api', ...options]);
const runHooks = (...args: string[]) => ['run-hooks', 'acme/api', ...args];
const note = (name: string) => `echo ${name} >>"$HOME/ran"`;
const ran = () => {
  const file = join(there.home, 'ran');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  rmSync(file, { force: true });
  return lines;
};
const serve = (hooks: Record<string, string | { readonly executable: string }>) => {
  ran();
  there.serve({ files: Object.fromEntries(Object.entries(hooks).map(([name, content]) => [`.recode/hooks/${name}.sh`, content])) });
};
const write = (name: string, text: string) => {
  const file = join(there.folder, `.recode/hooks/${name}.sh`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, 0o755);
};

it('runs init once after the first clone, start after each start, in the repository and with the profile of the user', async () => {
  writeFileSync(join(there.home, '.profile'), 'export FROM_PROFILE=yes\n');
  const executable = `#!/bin/bash\n${note('init')}\necho "\${BASH_VERSION:+bash} $FROM_PROFILE $PWD"\nprintf 'to \\033[31mstderr' >&2\n`;
  serve({ init: { executable }, start: note('start') });
  const first = await start();
  expect(first.code, first.stderr).toBe(0);
  expect(first.stdout).toMatch(/\nCloning acme\/api\nRunning \.recode\/hooks\/init\.sh\n/);
  expect(first.stdout).toContain(`\n  bash yes ${there.folder}\n`);
  expect(first.stdout).toContain('\n  to \\u001b[31mstderr\n');
  expect(first.stdout).toMatch(/\n {2}Exit code 0 after \d+\.\ds\nRunning \.recode\/hooks\/start\.sh\n {2}Exit code 0 after \d+\.\ds\n/);
  expect(ran()).toEqual(['init', 'start']);

  // Nothing was started.
  expect((await start()).stdout).not.toContain('Running');
  expect(ran()).toEqual([]);

  await runStop(there.aws);
  expect((await start()).code).toBe(0);
  expect(ran()).toEqual(['start']);
});

it('runs none with --no-hooks; init runs at the next start', async () => {
  serve({ init: note('init'), start: note('start') });
  expect((await start('--no-hooks')).code).toBe(0);
  expect(ran()).toEqual([]);
  expect((await start()).code).toBe(0);
  expect(ran()).toEqual(['init', 'start']);
});

it('tells of a hook that fails how to connect and how to run it again, and runs it again at the next start', async () => {
  serve({ init: `${note('init')}\necho Installing\nexit 7`, start: note('start') });
  const args = ['start', 'acme/api'];
  const failed = await there.run(args);
  expect(failed.stdout).toMatch(/\n {2}Installing\n {2}Exit code 7 after/);
  expect(failed.stdout).toMatch(/✓ acme\/api is already started\n(.+\n)+\nTo connect, run:\n {2}ssh -F /);
  const [, seconds] = /after (\d+\.\ds)/.exec(failed.stderr) ?? [];
  const message = `.recode/hooks/init.sh of acme/api failed with exit code 7 after ${seconds}.`;
  expectFailure(failed, ['aws', ...args], { name: 'HookFailed', message, fix: 'recode aws run-hooks acme/api init' });
  expect(ran()).toEqual(['init']);

  expect((await there.run(runHooks('init'))).code).toBe(1);
  expect(ran()).toEqual(['init']);
  write('init', `#!/bin/sh\n${note('init')}`);
  expect((await there.run(runHooks('init'))).code).toBe(0);
  expect((await start()).code).toBe(0);
  expect(ran()).toEqual(['init', 'start']);
});

it('shows the last state of a progress bar, and does not wait for what a hook leaves running', async () => {
  serve({ init: "printf '10%%\\r50%%\\r100%%\\n'; sleep 300 & echo $! >pid; printf 'no line break'" });
  const { code, stdout } = await start();
  expect(code).toBe(0);
  expect(stdout).toMatch(/\n {2}100%\n {2}no line break\n {2}Exit code 0/);
  const pid = Number(readFileSync(join(there.folder, 'pid'), 'utf8'));
  expect(isAlive(pid)).toBe(true);
  process.kill(pid);
});

it.each(['SIGINT', 'SIGKILL'] as const)('kills a hook when the command ends by %s, also one that does not want to', async (signal) => {
  serve({ init: "trap '' TERM INT HUP; echo $$ >pid; while :; do sleep 1; done" });
  const file = join(there.folder, 'pid');
  const interrupted = vi.waitFor(() => expect(readFileSync(file, 'utf8')).toMatch(/\n/), 30_000);
  const { code, stderr } = await there.run(['start', 'acme/api'], { interrupted, signal });
  if (signal === 'SIGINT') {
    expect(code).toBe(130);
    expect(stderr).toMatch(/^✗ Interrupted\n {2}You interrupted this command after the start of acme\/api had ended\. To connect, run:\n/);
  }
  const pid = Number(readFileSync(file, 'utf8'));
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 30_000);
  expect(readdirSync(join(there.folder, '..'))).toEqual(['.recode~lock', 'api']);
});

it.each([
  ['SIGINT', 130, 'You interrupted'],
  ['SIGTERM', 143, 'SIGTERM ended'],
] as const)('does not claim that run-hooks did nothing when %s ends it', async (signal, exitCode, who) => {
  serve({ start: `${note('start')}; echo $$ >pid; exec sleep 300` });
  expect((await start('--no-hooks')).code).toBe(0);
  const file = join(there.folder, 'pid');
  const interrupted = vi.waitFor(() => expect(readFileSync(file, 'utf8')).toMatch(/\n/), 30_000);
  const { code, stderr } = await there.run(runHooks(), { interrupted, signal });
  expect(code).toBe(exitCode);
  expect(stderr).toContain(`  ${who} the run of the hooks of acme/api before it ended.\n`);
  expect(stderr).toContain('Run "recode aws run-hooks acme/api" again when you want to.');
  expect(stderr).not.toMatch(/before it started|Nothing was started/);
  expect(ran()).toEqual(['start']);
});

it('runs both hooks again with run-hooks, and prints how they ended with --json', async () => {
  serve({ init: note('init'), start: `${note('start')}; echo Serving` });
  expect((await start('--no-hooks')).code).toBe(0);
  const { code, json, stderr } = await there.run(runHooks('--json'));
  expect(code).toBe(0);
  const seconds = expect.any(Number) as number;
  expect(json).toEqual({
    repository: 'acme/api',
    hooks: [
      { name: 'init', exitCode: 0, seconds },
      { name: 'start', exitCode: 0, seconds },
    ],
  });
  expect(stderr).toContain('  Serving\n');
  expect(ran()).toEqual(['init', 'start']);
});

it('tells of a clone that is not there which command makes it', async () => {
  serve({ init: note('init') });
  expect((await start('--no-clone')).code).toBe(0);
  for (const args of [runHooks(), runHooks('init')]) {
    const message = 'There is no clone of acme/api on the instance, so it has no hooks.';
    expectFailure(await there.run(args), ['aws', ...args], { name: 'RepositoryNotCloned', message, fix: 'recode aws start acme/api' });
  }
  expect((await start()).code).toBe(0);
  expect(ran()).toEqual(['init']);
});

it('tells of a hook that is not there', async () => {
  serve({ start: note('start') });
  expect((await start('--no-hooks')).code).toBe(0);
  const args = runHooks('init');
  const message = 'The clone of acme/api on the instance has no .recode/hooks/init.sh.';
  expectFailure(await there.run(args), ['aws', ...args], { name: 'HookNotFound', message });
});

it('runs one hook once where two starts meet', async () => {
  serve({ init: `${note('init')}; sleep 2` });
  const both = await Promise.all([start(), start()]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect(ran()).toEqual(['init']);
});

it('raises the errors that it is there for', () => expectAllRaised(raisedBy.hooks));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\nState:\s+Z/.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
