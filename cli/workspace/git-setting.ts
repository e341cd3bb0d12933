import { execFile } from 'node:child_process';

/** A setting of git as this machine has it for the current folder; undefined where it has none, or no git. */
export function gitSetting(name: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile('git', ['config', '--get', name], (error, stdout) => {
      const value = stdout.replace(/\r?\n$/, '');
      resolve(error || value === '' ? undefined : value);
    });
  });
}
