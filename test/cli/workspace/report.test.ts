import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readReport, reportScript } from '../../../cli/workspace/report.ts';

/** What there is of a clone that has just been made, with these hooks. */
function reportOf(hooks: readonly string[]) {
  const home = mkdtempSync(join(tmpdir(), 'recode-report-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const folder = join(home, 'workspace/api');
  mkdirSync(join(folder, '.recode/hooks'), { recursive: true });
  execFileSync('git', ['init', '-q', folder]);
  for (const name of hooks) writeFileSync(join(folder, '.recode/hooks', name), '');
  const script = `tell() { echo "$*"; }\nfolder=$1\ncloned=yes\n${reportScript({ started: true })}`;
  const env = { PATH: process.env.PATH, HOME: home };
  return readReport(execFileSync('sh', ['-c', script, 'sh', folder], { env, encoding: 'utf8' }).split('\n'));
}

it.each([
  { hooks: [], due: [] },
  { hooks: ['start.sh'], due: ['start'] },
  { hooks: ['init.sh', 'start.sh'], due: ['init', 'start'] },
])('tells the hooks to run of a repository with $hooks', ({ hooks, due }) => {
  expect(reportOf(hooks).due).toEqual(due);
});
