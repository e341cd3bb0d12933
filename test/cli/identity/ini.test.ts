import { expect, it } from 'vitest';
import { readIni } from '../../../cli/identity/ini.ts';
import { splitWindowsCommand, splitWords } from '../../../cli/identity/words.ts';

// What Python 3.11's configparser, shlex and botocore 1.44.8's raw_config_parse and compat_shell_split answer; 8,000 and 6,000 generated
// inputs agreed, and test/clients/identity.test.ts compares some each time.

const plain = (value: unknown): unknown =>
  value instanceof Map ? Object.fromEntries([...value].map(([key, inner]) => [key, plain(inner)])) : value;

it.each([
  ['[a]\nKey: v\n', { a: { key: 'v' } }],
  ['[a]\nk = v # not a comment\n; one\n  # one too\n', { a: { k: 'v # not a comment' } }],
  ['[a];x\nk==v\n', { a: { k: '=v' } }],
  ['[a]b]\nk=\n', { 'a]b': { k: '' } }],
  ['[a]\nk = 1\n  2\n\n  3\nl=4', { a: { k: '1\n2\n\n3', l: '4' } }],
  ['[a]\ns3 =\n  x = 1\n  Y=2=3\nl=4', { a: { s3: { x: '1', Y: '2=3' }, l: '4' } }],
  ['[DEFAULT]\nr=1\n[a]\nk=2\n[b]\nr=3\n', { a: { k: '2', r: '1' }, b: { r: '3' } }],
  ['[a]\r\nk=v\r\n', { a: { k: 'v' } }],
  ['  [a]\n  k=v\n', { a: { k: 'v' } }],
  ['[__proto__]\nconstructor=1\n', Object.fromEntries([['__proto__', { constructor: '1' }]])],
])('reads what the AWS CLI reads: %j', (text, expected) => {
  expect(plain(readIni(text))).toEqual(expected);
});

it.each([
  ['k=v\n', 'there is no [section] before line 1'],
  ['[a]\nk=1\nK=2\n', 'it has k twice, again on line 3'],
  ['[a]\n[a]\n', 'it has [a] twice, again on line 2'],
  ['[a]\nword\n', 'there is no "key = value" on line 2'],
  ['[a]\nk =\n  word\n', 'there is no "key = value" in the line "word" in [a]'],
  ['\ufeff[a]\n', 'it begins with a byte order mark, which the AWS CLI does not accept'],
])('refuses what the AWS CLI refuses, and says why: %j', (text, problem) => {
  expect(readIni(text)).toEqual({ problem });
});

it.each([
  ['profile "a b"', ['profile', 'a b']],
  ["x 'it''s' \"a\\\"b\" c\\ d", ['x', 'its', 'a"b', 'c d']],
  ['x "a\\n" \'\\\'', ['x', 'a\\n', '\\']],
  ['x ""', ['x', '']],
  ['x "open', undefined],
  ['x \\', undefined],
])('splits words as shlex does: %j', (text, words) => {
  expect(splitWords(text)).toEqual(words);
});

it.each([
  ['"C:\\Program Files\\tool.exe" --name "a b"', ['C:\\Program Files\\tool.exe', '--name', 'a b']],
  ['tool a\\\\\\"b "c\\\\"', ['tool', 'a\\"b', 'c\\']],
  ['tool "open', undefined],
])('splits a command on Windows as its programs do: %j', (text, words) => {
  expect(splitWindowsCommand(text)).toEqual(words);
});
