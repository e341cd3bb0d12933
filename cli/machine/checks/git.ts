import { execFile } from 'node:child_process';
import { programPath } from '../../program-path.ts';
import { type Check, ok, warning } from '../check.ts';
import { checkPatience } from '../within.ts';

/** The git of this machine. */
export interface SeenGit {
  readonly path: string | undefined;
  /** What it says of its version; undefined if it does not run. */
  readonly said: string | undefined;
}

/** Whether there is git. The clone is made on the instance, so Recode works without. */
export function gitCheck({ path, said }: SeenGit): Check {
  if (said !== undefined) return ok('git', `${said}${path === undefined ? '' : `, ${path}`}`);
  const seen =
    path === undefined
      ? 'There is no "git" on the PATH.'
      : `"${path} --version" fails or does not end within ${checkPatience / 1000} seconds.`;
  const advice = 'Install git (on Debian and Ubuntu: "sudo apt-get install git"). Environments get your name and email from its settings.';
  return warning('git', seen, advice);
}

/** Asks git. */
export function seeGit(): Promise<SeenGit> {
  const path = programPath('git', process.env);
  return new Promise((resolve) => {
    execFile('git', ['--version'], { timeout: checkPatience }, (error, stdout) => {
      resolve({ path, said: error ? undefined : stdout.trim() });
    });
  });
}
