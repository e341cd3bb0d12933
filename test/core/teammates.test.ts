import { describe, expect, it } from 'vitest';
import { actingAs, type TeammateSettings } from '../../core/teammates.ts';

const alicesApi = { owner: 'alice', repository: 'acme/api' };
const admin = { owner: 'role:Admin:ada', arn: 'arn:aws:sts::123456789012:assumed-role/Admin/ada' };
const bob = { owner: 'bob', arn: 'arn:aws:iam::123456789012:user/bob' };
const of = (settings: Partial<TeammateSettings>): TeammateSettings => ({ teammates: 'administrators', administrators: [], ...settings });
const administrators = ['arn:aws:iam::123456789012:role/Admin'];

describe('somebody acts on an environment', () => {
  it.each(['administrators', 'everyone', 'nobody'] as const)('as its owner, if teammates is %s', (teammates) => {
    expect(actingAs({ ...bob, owner: 'alice' }, alicesApi, of({ teammates }))).toBe('owner');
    expect(actingAs({ ...admin, owner: 'alice' }, alicesApi, of({ teammates, administrators }))).toBe('owner');
  });

  it('as an administrator, if the team has named them', () => {
    expect(actingAs(admin, alicesApi, of({ administrators }))).toBe('administrator');
    expect(actingAs(admin, alicesApi, of({ teammates: 'everyone', administrators }))).toBe('administrator');
  });

  it('as a teammate, if everyone may', () => {
    expect(actingAs(bob, alicesApi, of({ teammates: 'everyone', administrators }))).toBe('teammate');
  });

  it.each([
    [bob, of({}), 'acme/api belongs to alice. Only alice may do this.'],
    [bob, of({ administrators }), `acme/api belongs to alice. Only alice may do this, and administrators: ${administrators[0]}.`],
    [admin, of({}), 'acme/api belongs to alice. Only alice may do this.'],
    [admin, of({ teammates: 'nobody', administrators }), 'acme/api belongs to alice. Only alice may do this.'],
  ])('not as %o with %o, and is told who may', (person, settings, message) => {
    expect(() => actingAs(person, alicesApi, settings)).toThrow(expect.objectContaining({ name: 'TeammateNotAllowed', message }));
  });
});

describe('a pattern of administrators', () => {
  const isAdmin = (pattern: string, arn: string) => {
    try {
      return actingAs({ owner: 'x', arn }, alicesApi, of({ administrators: [pattern] })) === 'administrator';
    } catch {
      return false;
    }
  };
  const session = (role: string, name = 'ada') => `arn:aws:sts::123456789012:assumed-role/${role}/${name}`;
  const user = (name: string) => `arn:aws:iam::123456789012:user/${name}`;

  it.each([
    ['arn:aws:iam::123456789012:role/Admin', session('Admin')],
    ['arn:aws:iam::*:role/Admin', session('Admin', 'anybody')],
    ['arn:aws:iam::*:role/AWSReservedSSO_Admin_*', session('AWSReservedSSO_Admin_0123456789abcdef')],
    ['arn:aws:iam::123456789012:user/ada', user('ada')],
    ['arn:aws:iam::123456789012:user/admins/*', user('admins/europe/ada')],
    ['arn:aws-us-gov:iam::123456789012:role/Admin', 'arn:aws-us-gov:sts::123456789012:assumed-role/Admin/ada'],
  ])('%s is for %s', (pattern, arn) => {
    expect(isAdmin(pattern, arn)).toBe(true);
  });

  it.each([
    ['arn:aws:iam::123456789012:role/Admin', session('Administrator')],
    ['arn:aws:iam::123456789012:role/Admin', session('Developer', 'Admin')],
    ['arn:aws:iam::123456789012:role/Admin', user('Admin')],
    ['arn:aws:iam::123456789012:role/Admin', 'arn:aws:sts::210987654321:assumed-role/Admin/ada'],
    ['arn:aws:iam::*:role/A.min', session('Admin')],
    ['arn:aws:iam::123456789012:user/ada', user('bada')],
    ['arn:aws:iam::123456789012:user/ada', user('teams/ada')],
    ['arn:aws:iam::123456789012:user/ada', session('user', 'ada')],
  ])('%s is not for %s', (pattern, arn) => {
    expect(isAdmin(pattern, arn)).toBe(false);
  });
});
