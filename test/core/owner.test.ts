import { expect, it } from 'vitest';
import { autoStopCaller, isOwner, ownerOf, refuseOtherOwner } from '../../core/owner.ts';

// The forms of ARNs: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html and
// https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
it.each([
  ['arn:aws:iam::123456789012:user/alice', 'alice'],
  ['arn:aws:iam::123456789012:user/engineering/bob', 'bob'],
  ['arn:aws:iam::123456789012:user/teams/a=b/smith,john', 'smith,john'],
  ['arn:aws:iam::123456789012:user/carol@example.com', 'user:carol@example.com'],
  // IAM allows a user any of these names, which are made up only in sessions.
  ['arn:aws:iam::123456789012:user/1763817161000', '1763817161000'],
  ['arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/carol@example.com', 'carol@example.com'],
  ['arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Admin_team_fedcba9876543210/carol@example.com', 'carol@example.com'],
  ['arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/alice', 'sso:alice'],
  ['arn:aws-cn:sts::123456789012:assumed-role/Dev/dave', 'role:Dev:dave'],
  ['arn:aws:sts::123456789012:assumed-role/Dev/alice', 'role:Dev:alice'],
  ['arn:aws:sts::123456789012:assumed-role/Dev/smith,john+a=b.c_d-e@example.com', 'role:Dev:smith,john+a=b.c_d-e@example.com'],
  ['arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev/carol@example.com', 'role:AWSReservedSSO_Dev:carol@example.com'],
  ['arn:aws:sts::123456789012:assumed-role/sso/alice', 'role:sso:alice'],
])('makes an owner of %s', (arn, owner) => {
  expect(ownerOf(arn)).toBe(owner);
  expect(isOwner(owner)).toBe(true);
});

it.each([
  'arn:aws:iam::123456789012:root',
  'arn:aws:sts::123456789012:federated-user/alice',
  'arn:aws:sts::123456789012:assumed-role/Dev/aws-sdk-js-1763817161000',
  'arn:aws:sts::123456789012:assumed-role/Dev/botocore-session-1763817161',
  'arn:aws:sts::123456789012:assumed-role/Instance/i-0123456789abcdef0',
  'arn:aws:sts::123456789012:assumed-role/Dev/1763817161000',
  'arn:aws:sts::123456789012:assumed-role/Dev/..',
  'arn:aws:sts::123456789012:assumed-role/Dev',
  'arn:aws:sts::123456789012:assumed-role/Dev/more/alice',
  `arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/${autoStopCaller}`,
  'arn:aws:iam::123456789012:role/alice',
  'arn:aws:sts::123456789012:user/alice',
  'alice',
  '',
])('refuses %s, whose name does not last', (arn) => {
  expect(() => ownerOf(arn)).toThrow(expect.objectContaining({ name: 'CallerWithoutLastingName' }));
});

it('accepts RECODE_OWNER only for the owner that it already is', () => {
  const arn = 'arn:aws:iam::123456789012:user/alice';
  refuseOtherOwner(undefined, 'alice', arn);
  refuseOtherOwner('alice', 'alice', arn);
  expect(() => refuseOtherOwner('bob', 'alice', arn)).toThrow(
    expect.objectContaining({ name: 'SettingNotValid', message: expect.stringContaining('role_session_name') }),
  );
});

it.each(['', 'a b', 'a/b', 'a:b', '..', 'x'.repeat(129), 'sso:', 'role:Dev', 'role:Dev:..', 'user:sso:a', 'role:a:b:c'])(
  'does not take %j for an owner',
  (text) => {
    expect(isOwner(text)).toBe(false);
  },
);
