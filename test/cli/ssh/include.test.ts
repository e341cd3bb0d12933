import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Included, includeLine, includes, isOurFile, withInclude, withoutInclude } from '../../../cli/ssh/include.ts';

const home = '/home/alice';
const included: Included = { folder: `${home}/.local/share/recode/ssh`, home };
const line = 'Include "/home/alice/.local/share/recode/ssh/*.recode"';

describe('a configuration', () => {
  const foreign = [
    'Host *\n  ForwardAgent no\n',
    'Host *\r\n  ForwardAgent no\r\n',
    'Host web\n  HostName 192.0.2.1',
    '\xef\xbb\xbfHost web\n',
    '\n\n# caf\xe9 in latin1, \xc3\xa9 in UTF-8\n',
    '# ------------START-CODER-----------\nHost coder.*\n# ------------END-CODER------------\n',
    'Match host web exec "true"\n  User me\n',
    'Include config.d/*\nInclude "/home/alice/other/recode/ssh/*.recode"\n',
    ' \t\n',
  ];

  it.each([
    ['indented', (text: string) => text.replace(/^(?=[#I])/gm, '  \t')],
    ['with spaces at their ends', (text: string) => text.replace(/$/gm, ' ')],
    ['indented, with CRLF', (text: string) => text.replace(/^(?=[#I])/gm, '\t').replaceAll('\n', '\r\n')],
  ])('loses our lines also where a person has them %s', (_, edited) => {
    for (const before of [undefined, '']) {
      const text = edited(withInclude(before, included));
      expect(includes(text, included)).toBe(true);
      expect(isOurFile(text)).toBe(before === undefined);
      expect(withoutInclude(`${text}Host web\n`, included)).toMatch(/^ ?Host web\n$/);
    }
    const foreignLine = `  # ${line}\n`;
    expect(withoutInclude(foreignLine, included)).toBe(foreignLine);
  });

  it.each(foreign)('gets the line at its top, and is byte for byte what it was without it: %j', (text) => {
    const changed = withInclude(text, included);
    const mark = text.startsWith('\xef\xbb\xbf') ? '\xef\xbb\xbf' : '';
    expect(changed.endsWith(text.slice(mark.length))).toBe(true);
    const lines = changed.slice(mark.length, changed.length - text.length + mark.length).split(/(?<=\n)/);
    expect(lines).toEqual([expect.stringMatching(/^# Added by /), `${line}${text.includes('\r') ? '\r\n' : '\n'}`]);
    expect(includes(changed, included)).toBe(true);
    expect(withInclude(changed, included)).toBe(changed);
    expect(withoutInclude(changed, included)).toBe(text);
  });

  it('gets the line again above what was put before it, and loses it below', () => {
    const ours = withInclude('Host b\n', included);
    const changed = withInclude(`Host a\n${ours}`, included);
    expect(changed).toBe(ours.replace('Host b\n', 'Host a\nHost b\n'));
  });

  it.each([
    line,
    `  include\t${line.slice('Include '.length)}  `,
    'INCLUDE=/home/alice/.local/share/recode/ssh/*.recode',
    'Include = "/home/alice/.local/share/recode/ssh/*"',
    'Include ~/.local/share/recode/ssh/*.recode',
    'Include ../.local/share/recode/ssh/*.recode # mine',
    'Include config.d/* "~/.local/share/recode/ssh/*.recode"',
    `User me\r\n# all\r\n${line}\r`,
  ])('includes the hosts already by %j', (text) => {
    expect(includes(text, included)).toBe(true);
    expect(withInclude(text, included)).toBe(text);
  });

  it.each([
    `Host web\n${line}`,
    `Match all\n${line}`,
    `#${line}`,
    'Include config.d/* # ~/.local/share/recode/ssh/*.recode',
    'Include ~/.local/share/recode/keys/*/*/*/*/*/ssh_config',
    `HostName x\n${line.replace('Include', 'IncludeX')}`,
    '',
  ])('does not include them for every host by %j', (text) => {
    expect(includes(text, included)).toBe(false);
  });
});

describe('the line', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'recode-include-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it.each(['a b', '100%h', '%%', 'a*b', 'a?b', '[a]', ']', "it's", 'say "hi"', 'back\\slash', '~', '#1', 'é', '{a,b}', '$HOME', '!x'])(
    'is read by OpenSSH as the folder it means, if that is called %j',
    (name) => {
      const folder = join(root, name, 'ssh');
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'acme-api.recode'), 'Host acme-api.recode\n  HostName 203.0.113.7\n');
      const config = join(root, 'config');
      writeFileSync(config, Buffer.from(withInclude('Host *\n  HostName 192.0.2.1\n', { folder, home: root }), 'latin1'));
      const settings = execFileSync('ssh', ['-F', config, '-G', 'acme-api.recode'], { encoding: 'utf8' }).split('\n');
      expect(settings).toContain('hostname 203.0.113.7');
    },
  );

  it('finds each of 300 hosts', () => {
    for (let host = 0; host < 300; host += 1)
      writeFileSync(join(root, `${host}.recode`), `Host ${host}.recode\n  HostName 203.0.113.${host % 250}\n`);
    const config = join(root, 'config');
    writeFileSync(config, withInclude(undefined, { folder: root, home: root }));
    for (const host of [0, 150, 299]) {
      const settings = execFileSync('ssh', ['-F', config, '-G', `${host}.recode`], { encoding: 'utf8' }).split('\n');
      expect(settings).toContain(`hostname 203.0.113.${host % 250}`);
    }
  });

  it('has no percent sign, which begins a token from OpenSSH 9.9 on, and no backslash or quote, which versions read differently', () => {
    expect(includeLine({ folder: '/a%b"c\\d' })).toBe('Include "/a?b?c?d/*.recode"');
  });
});
