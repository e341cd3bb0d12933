import { expect, expectTypeOf, it } from 'vitest';
import { type SettingValues, settingNames, settingRows } from '../../../cli/settings/rows.ts';

it.each([
  ['profile', 'my team', 'my team'],
  ['region', 'eu-west-1', 'eu-west-1'],
  ['editor', 'cursor', 'cursor'],
  ['dotfiles', 'alice/dotfiles', 'alice/dotfiles'],
  ['dotfiles', 'https://github.com/alice/dotfiles.git', 'alice/dotfiles'],
  ['dotfiles', 'git@github.com:alice/dotfiles.git', 'alice/dotfiles'],
  ['instance-type', 'm6g.large', 'm6g.large'],
  ['git-protocol', 'ssh', 'ssh'],
] as const)('%s can be %s', (name, text, value) => {
  expect(settingRows[name].parse(text, name, {})).toBe(value);
});

it.each([
  ['profile', ' ', 'UsageNotValid', "Invalid profile ' '. Use the name of a profile of the AWS CLI."],
  ['region', 'EU_WEST-1', 'UsageNotValid', "Invalid region 'EU_WEST-1'. Use the name of an AWS region, for example eu-west-1."],
  ['region', 'xx', 'UsageNotValid', "Invalid region 'xx'. Use the name of an AWS region, for example us-east-1."],
  ['editor', 'vim', 'UsageNotValid', "Invalid editor 'vim'. Use code, cursor, windsurf, zed, idea or none."],
  ['dotfiles', 'dotfiles', 'UsageNotValid', "Invalid dotfiles 'dotfiles'. Use owner/name or the URL of a GitHub repository."],
  [
    'dotfiles',
    'https://secret@gitlab.com/a/b',
    'UsageNotValid',
    "Invalid dotfiles 'https://gitlab.com/a/b'. Use owner/name or the URL of a GitHub repository.",
  ],
  [
    'instance-type',
    'big',
    'InstanceTypeNotValid',
    "Invalid instance-type 'big'. Use the name of an EC2 instance type, for example t3.medium.",
  ],
  ['git-protocol', 'git', 'UsageNotValid', "Invalid git-protocol 'git'. Use https or ssh."],
] as const)('%s cannot be %j', (name, text, error, message) => {
  expect(() => settingRows[name].parse(text, name, {})).toThrow(expect.objectContaining({ name: error, message }));
});

it('names dotfiles on GitHub Enterprise', () => {
  const variables = { GITHUB_SERVER_URL: 'https://github.acme.example' };
  expect(settingRows.dotfiles.parse('https://github.acme.example/alice/dotfiles', 'dotfiles', variables)).toBe('alice/dotfiles');
});

it('is each the default of the option of its name', () => {
  for (const name of settingNames) expect(settingRows[name].option).toBe(`--${name}`);
  expectTypeOf<SettingValues['git-protocol']>().toEqualTypeOf<'https' | 'ssh'>();
  expectTypeOf<SettingValues['region']>().toEqualTypeOf<string>();
});
