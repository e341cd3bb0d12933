import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { commandName, leafCommands } from '../../../cli/help.ts';
import { createProgram } from '../../../cli/program.ts';
import { manPages } from '../../../cli/reference/main.ts';
import { collectedOutput } from '../collect.ts';

const pages = await manPages('1.2.3', '2026-01-31');
const folder = mkdtempSync(join(tmpdir(), 'recode-man-'));
afterAll(() => rmSync(folder, { recursive: true }));
for (const { file, text } of pages) writeFileSync(join(folder, file), text);
const files = pages.map(({ file }) => join(folder, file));

/** What man(1) shows of a page, on lines that are wide enough not to be parted. */
function shown(file: string): string {
  const { stdout } = spawnSync('man', ['-l', join(folder, file)], {
    encoding: 'utf8',
    env: { ...process.env, MANWIDTH: '400', MANPAGER: 'cat', LC_ALL: 'C.UTF-8', MAN_KEEP_FORMATTING: '' },
  });
  // man-db hyphenates by itself, and justifies.
  return stdout.replace(/ {2,}/g, ' ');
}
const has = (program: string, ...args: string[]) => spawnSync(program, args).error === undefined;

describe('the manual', () => {
  it('has a page for each command and group, which package.json installs', async () => {
    const program = await createProgram(collectedOutput().output, '1.2.3');
    const names = pages.map(({ file }) => file);
    expect(names).toContain('recode.1');
    expect(names).toContain('recode-aws.1');
    for (const command of leafCommands(program)) {
      expect(names).toContain(`${commandName(command).replaceAll(' ', '-')}.1`);
    }
    const { man } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8')) as { man: string[] };
    expect(man, 'Run "npm run docs".').toEqual(names.map((name) => `./dist/man/${name}`));
  });

  it.skipIf(!has('mandoc', '-V'))('is as man(7) wants it', () => {
    expect(spawnSync('mandoc', ['-Tlint', '-Wwarning', ...files], { encoding: 'utf8' }).stdout).toBe('');
  });

  it.skipIf(!has('groff', '--version'))('has nothing that groff warns of', () => {
    const { stderr, status } = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-z', ...files], { encoding: 'utf8' });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  });

  it.skipIf(!has('man', '--version') || !has('groff', '--version'))('shows what the help shows, ready to be copied', () => {
    const start = shown('recode-aws-start.1');
    expect(start).toContain('recode-aws-start - Start the environment of a repository');
    expect(start).toContain('recode aws start [options] <repository>');
    expect(start).toContain('--allow-cidr <block>');
    expect(start).toContain('recode aws start acme/api --auto-stop 19:30 --time-zone Europe/Paris');
    expect(start).toContain('eval "$(recode aws start acme/api --json | jq -r .sshCommand) uname -a"');
    expect(shown('recode-aws-list.1')).toContain(`--jq '.[] | select(.status == "started") | .owner'`);
    expect(shown('recode-completion.1')).toContain('recode completion zsh > "${fpath[1]}/_recode"');
    expect(shown('recode.1')).toMatch(/EXIT STATUS[\s\S]*130 Interrupted with Ctrl-C\./);
  });
});
