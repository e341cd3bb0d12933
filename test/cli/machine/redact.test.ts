import { describe, expect, it } from 'vitest';
import { type Personal, redact } from '../../../cli/machine/redact.ts';

const known: Personal[] = [
  { kind: 'home', value: '/home/ada' },
  { kind: 'user', value: 'ada' },
  { kind: 'account', value: '123456789012' },
  { kind: 'owner', value: 'ada@example.com' },
  { kind: 'repository', value: 'Acme/api' },
];

describe('redact', () => {
  it.each([
    ['/home/ada/.ssh/config of ada, not of adam', '<home>/.ssh/config of <user>, not of adam'],
    ['acme/api, acme-api and acme\\api are one', '<repository>, <repository> and <repository> are one'],
    ['recode-acme-api-security-group', 'recode-<repository>-security-group'],
    ['/keys/123456789012/ada@example.com/acme is a file', '/keys/<account>/<owner>/<name> is a file'],
    ['acme is not in a path', 'acme is not in a path'],
    ['arn:aws:states:eu-west-3:123456789012:execution:recode-start:one', 'arn:aws:states:eu-west-3:<account>:execution:recode-start:one'],
    ['arn:aws:sts::210987654321:assumed-role/Dev/botocore-session-1', 'arn:aws:sts::<account>:<identity>'],
    ['arn:aws:iam::123456789012:role/team/Developer, assumed', 'arn:aws:iam::<account>:<identity>, assumed'],
    ['Not in 198.51.100.0/24: 203.0.113.7.', 'Not in <address>/24: <address-2>.'],
    ['All of 0.0.0.0/0 and 127.0.0.1', 'All of 0.0.0.0/0 and 127.0.0.1'],
    ['2001:db8::7 at 12:30:45', '<address> at 12:30:45'],
    ['AKIAIOSFODNN7EXAMPLE and ASIAIOSFODNN7EXAMPLE', '<access-key> and <access-key-2>'],
    ['OpenSSH_9.2p1, Node.js 20.19.0, i-0123456789abcdef0', 'OpenSSH_9.2p1, Node.js 20.19.0, i-0123456789abcdef0'],
  ])('makes %j %j', (text, redacted) => {
    expect(redact(text, known)).toBe(redacted);
  });

  it('keeps equal details equal, and different ones different, in all of a value', () => {
    const value = { seen: ['acme/api', { of: '203.0.113.7' }], other: ['ACME/API', '203.0.113.7', '203.0.113.8'], count: 2, none: null };
    expect(redact(value, known)).toEqual({
      seen: ['<repository>', { of: '<address>' }],
      other: ['<repository>', '<address>', '<address-2>'],
      count: 2,
      none: null,
    });
  });

  it('leaves the words of Recode alone, whatever somebody is called', () => {
    const finding = { kind: 'orphan', subject: 'volume', id: 'volume', owner: 'volume' };
    expect(redact(finding, [{ kind: 'owner', value: 'volume' }])).toEqual({ ...finding, id: '<owner>', owner: '<owner>' });
  });
});
