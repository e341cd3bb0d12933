import { describe, expect, it } from 'vitest';
import { absolutePath, localPath, parseCopy, remotePath } from '../../../../../cli/commands/aws/cp/paths.ts';

describe('parseCopy', () => {
  it('tells the sides apart', () => {
    expect(parseCopy(['a', 'b', 'acme/api:c d'])).toEqual({ repository: 'acme/api', from: ['a', 'b'], to: 'c d', upload: true });
    expect(parseCopy(['api:~/a', 'api:', '.'])).toEqual({ repository: 'api', from: ['~/a', ''], to: '.', upload: false });
  });

  it.each([
    [['a.txt'], '"recode aws cp" needs what to copy, and where to.'],
    [['a.txt', 'b.txt'], 'Both sides are on this machine. Write a path in an environment as acme/api:path.'],
    [['acme/api:a', 'acme/api:b'], 'Both sides are in an environment. One has to be on this machine.'],
    [['acme/api:a', 'b', 'acme/api:c'], 'Both sides are in an environment. One has to be on this machine.'],
    [['acme/api:a', 'acme/web:b', '.'], "'acme/web:b' is not in the environment of acme/api. Copy it with a command of its own."],
    [['acme/api:a', 'b', '.'], "'b' is not in the environment of acme/api. Copy it with a command of its own."],
    [['acme/api:~bob/a', '.'], "Invalid path '~bob/a'. In an environment, use a path in the repository, ~/path or /path."],
    [['acme/api:a', ''], 'A path is empty. Use . for the current folder.'],
  ])('refuses %j', (paths, message) => {
    expect(() => parseCopy(paths)).toThrow(expect.objectContaining({ name: 'UsageNotValid', message }));
  });
});

it.each(['./a:b', '../api:b', '/a:b', 'a b:c', 'a/b/c:d', '-x/y:z', 'ab', 'https://github.com/acme/api:a'])(
  'takes %j for a path of this machine',
  (path) => {
    expect(remotePath(path, 'linux')).toBeUndefined();
  },
);

it('takes a drive of Windows for one of this machine, and there alone', () => {
  expect(remotePath('C:\\x', 'win32')).toBeUndefined();
  expect(remotePath('C:x', 'linux')).toEqual({ repository: 'C', path: 'x' });
  expect(localPath('C:\\x', 'win32')).toBe('C:\\x');
});

it('gives scp no path that it could take for an option or a host', () => {
  expect(['-r', 'a:b', './c', '../d', '/e', '.f'].map((path) => localPath(path, 'linux'))).toEqual([
    './-r',
    './a:b',
    './c',
    '../d',
    '/e',
    './.f',
  ]);
});

it('knows the folder and the home folder of the environment', () => {
  const places = { home: '/home/recode', folder: '/home/recode/workspace/api' };
  expect(['', 'a b', '~', '~/c', '/d', './~e'].map((path) => absolutePath(path, places))).toEqual([
    '/home/recode/workspace/api',
    '/home/recode/workspace/api/a b',
    '/home/recode',
    '/home/recode/c',
    '/d',
    '/home/recode/workspace/api/./~e',
  ]);
});
