import { expect, it } from 'vitest';
import { editorRows } from '../../../cli/editor/editors.ts';
import { spawnedAs } from '../../../cli/editor/launch.ts';

const folder = { host: 'acme-api.recode', path: '/home/recode/workspace/api' };
const code = editorRows.code.words(folder, 'win32');
const batchFile = 'C:\\Program Files\\Microsoft VS Code\\bin\\code.cmd';

it('runs a program directly', () => {
  expect(spawnedAs('/usr/bin/code', code, 'linux')).toEqual({ file: '/usr/bin/code', args: code, verbatim: false });
  expect(spawnedAs('C:\\zed.exe', ['a&b'], 'win32')).toEqual({ file: 'C:\\zed.exe', args: ['a&b'], verbatim: false });
});

it('runs a batch file of Windows by cmd.exe, which takes the outermost quotes away', () => {
  expect(spawnedAs(batchFile, code, 'win32')).toEqual({
    file: 'cmd.exe',
    args: ['/d', '/s', '/c', `""${batchFile}" --remote ssh-remote+acme-api.recode /home/recode/workspace/api/"`],
    verbatim: true,
  });
});

it.each(['a&calc', '%PATH%', 'a"b', 'a b', 'a^b', 'a|b', 'a\nb', '!x!', ''])('gives %j to no batch file', (word) => {
  expect(() => spawnedAs(batchFile, ['--remote', word], 'win32')).toThrow(expect.objectContaining({ name: 'EditorFailed' }));
});

it('opens links by the program of the system', () => {
  const link =
    'jetbrains-gateway://connect#type=ssh&deploy=false&host=acme-api.recode&port=2200&user=recode&projectPath=%2Fhome%2Frecode%2Fworkspace%2Fapi';
  const systems = ['linux', 'darwin', 'win32'] as const;
  expect(systems.map((system) => [editorRows.idea.programs(system), editorRows.idea.words(folder, system)])).toEqual([
    [['xdg-open'], [link]],
    [['open'], [link]],
    [['rundll32'], ['url.dll,FileProtocolHandler', link]],
  ]);
});

it('gives Zed an URL', () => {
  expect(editorRows.zed.words({ ...folder, path: '/home/a b/100%' }, 'linux')).toEqual(['ssh://acme-api.recode/home/a%20b/100%25']);
});
