import { expect, it } from 'vitest';
import { copyMode } from '../../../../../cli/commands/aws/cp/scp-version.ts';

it.each([
  ['OpenSSH_9.2p1 Debian-2+deb12u6, OpenSSL 3.0.19 27 Jan 2026', []],
  ['OpenSSH_10.0p2, LibreSSL 4.1.0', []],
  ['OpenSSH_for_Windows_9.5p1, LibreSSL 3.8.2', []],
  ['OpenSSH_8.9p1 Ubuntu-3ubuntu0.10', ['-s']],
  ['OpenSSH_8.7p1', ['-s']],
  ['Another client', []],
])('keeps paths from a shell with %j', (version, mode) => {
  expect(copyMode(version, ['a b'])).toEqual(mode);
});

it('refuses what the remote shell of an older version would read', () => {
  expect(copyMode('OpenSSH_8.6p1', ['src/a-b_c.txt', '', '~/x'])).toEqual([]);
  for (const path of ['a b', '$x', 'a;b', '*.log']) {
    expect(() => copyMode('OpenSSH_8.6p1', [path]), path).toThrow(expect.objectContaining({ name: 'SshClientOld' }));
  }
});
