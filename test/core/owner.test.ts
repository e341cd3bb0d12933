import { expect, it } from 'vitest';
import { ownerOf } from '../../core/owner.ts';

it.each([
  ['arn:aws:iam::123456789012:user/alice', 'alice'],
  ['arn:aws:iam::123456789012:user/engineering/bob', 'bob'],
  ['arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev_0123/carol@example.com', 'carol@example.com'],
  ['arn:aws-cn:sts::123456789012:assumed-role/Dev/dave', 'dave'],
  ['arn:aws:iam::123456789012:user/teams/a=b/smith,john', 'smith,john'],
  ['arn:aws:sts::123456789012:assumed-role/Dev/smith,john+a=b.c_d-e@example.com', 'smith,john+a=b.c_d-e@example.com'],
  ['arn:aws:sts::123456789012:federated-user/bob', 'bob'],
])('takes the last part of %s', (arn, owner) => {
  expect(ownerOf(arn)).toBe(owner);
});

it.each([
  'arn:aws:iam::123456789012:root',
  'arn:aws:sts::123456789012:assumed-role/Dev/aws-sdk-js-1763817161000',
  'arn:aws:sts::123456789012:assumed-role/Dev/botocore-session-1763817161',
  'arn:aws:sts::123456789012:assumed-role/Instance/i-0123456789abcdef0',
  'arn:aws:sts::123456789012:assumed-role/Dev/1763817161000',
  'arn:aws:sts::123456789012:assumed-role/Dev/..',
])('refuses %s, whose name does not last', (arn) => {
  expect(() => ownerOf(arn)).toThrow(expect.objectContaining({ name: 'CallerWithoutLastingName' }));
});

it('lets RECODE_OWNER decide', () => {
  expect(ownerOf('arn:aws:iam::123456789012:root', 'erin')).toBe('erin');
});

it.each(['', 'a b', 'a/b', 'a:b', '..', 'x'.repeat(129)])('refuses RECODE_OWNER="%s"', (chosen) => {
  expect(() => ownerOf('arn:aws:iam::123456789012:user/alice', chosen)).toThrow(
    expect.objectContaining({ name: 'SettingNotValid', message: expect.stringContaining('RECODE_OWNER') }),
  );
});
