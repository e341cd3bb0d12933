import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readSettings } from '../../core/settings.ts';

interface Parameter {
  readonly default: unknown;
  readonly variable?: string;
  readonly pattern: string;
}
const parameters = Object.values(
  parse(readFileSync(join(import.meta.dirname, '../../infra/parameters.yml'), 'utf8')) as Record<string, Parameter>,
);
const defaults = Object.fromEntries(parameters.flatMap(({ variable, default: value }) => (variable ? [[variable, String(value)]] : [])));
const withVariables = (variables: Readonly<Record<string, string>>) => readSettings({ ...defaults, ...variables });

describe('readSettings', () => {
  it('reads the stack’s defaults', () => {
    expect(readSettings(defaults)).toEqual({
      instanceType: 't2.medium',
      allowedInstanceTypes: [],
      ingressCidrs: ['0.0.0.0/0'],
      volumeSize: 16,
      volumeType: 'gp2',
      volumeEncrypted: true,
      volumeKmsKey: undefined,
      environmentsPerOwner: 0,
      hoursPerOwner: 0,
      teammates: 'administrators',
      administrators: [],
      autoStop: { kind: 'daily', time: '20:00', timeZone: 'UTC' },
      longestRun: undefined,
      idleStop: 'off',
      keepRemoved: false,
      costTags: [],
    });
  });

  it('reads lists, with and without spaces', () => {
    expect(withVariables({ RECODE_ALLOWED_INSTANCE_TYPES: 't3.*, m7g.large,' }).allowedInstanceTypes).toEqual(['t3.*', 'm7g.large']);
    expect(withVariables({ RECODE_INGRESS_CIDRS: '203.0.113.0/24,198.51.100.0/24' }).ingressCidrs).toHaveLength(2);
  });

  it('reads blocks as EC2 writes them', () => {
    expect(withVariables({ RECODE_INGRESS_CIDRS: '203.0.113.7/24' }).ingressCidrs).toEqual(['203.0.113.0/24']);
  });

  it('reads how long an environment may run, in minutes', () => {
    expect(withVariables({ RECODE_LONGEST_RUN: '12h' }).longestRun).toBe(720);
    expect(withVariables({ RECODE_IDLE_STOP: '1h' }).idleStop).toBe(60);
  });

  it('reads tags, whose values may have an equals sign or be empty', () => {
    expect(withVariables({ RECODE_TAGS: 'team=platform, formula=a=b,note=' }).costTags).toEqual([
      { Key: 'team', Value: 'platform' },
      { Key: 'formula', Value: 'a=b' },
      { Key: 'note', Value: '' },
    ]);
  });

  it.each([
    ['RECODE_TAGS', 'team'],
    ['RECODE_TAGS', '=platform'],
    ['RECODE_INGRESS_CIDRS', ''],
    ['RECODE_INGRESS_CIDRS', '203.0.113.0/24,300.0.0.0/8'],
    ['RECODE_VOLUME_SIZE', 'large'],
    ['RECODE_VOLUME_TYPE', 'io1'],
    ['RECODE_VOLUME_ENCRYPTED', 'yes'],
    ['RECODE_ENVIRONMENTS_PER_OWNER', '-1'],
    ['RECODE_LONGEST_RUN', 'forever'],
    ['RECODE_LONGEST_RUN', '8 days'],
    ['RECODE_IDLE_STOP', '14m'],
    ['RECODE_IDLE_STOP', 'never'],
  ])('refuses %s as "%s", naming it', (name, value) => {
    expect(() => withVariables({ [name]: value })).toThrow(expect.objectContaining({ name: 'SettingsNotValid' }));
    expect(() => withVariables({ [name]: value })).toThrow(name);
  });

  it('refuses an environment without a variable', () => {
    expect(() => readSettings({})).toThrow(expect.objectContaining({ name: 'SettingsNotValid' }));
  });
});

it('every default is a value that its own pattern allows', () => {
  for (const { default: value, pattern } of parameters) expect(String(value)).toMatch(new RegExp(`^(${pattern})$`));
});
