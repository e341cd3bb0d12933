import { describe, expect, it } from 'vitest';
import { type OperationFlags, parseAccount, parseOperation, parseTarget } from '../../../../cli/commands/aws/options.ts';

describe('parseAccount', () => {
  it('takes RECODE_LOCAL=1 for --local', () => {
    expect(parseAccount({}, { RECODE_LOCAL: '1' })).toEqual({ local: true });
    expect(parseAccount({}, { RECODE_LOCAL: 'true' })).toEqual({ local: true });
    expect(parseAccount({}, { RECODE_LOCAL: '0' })).toEqual({ local: false });
    expect(parseAccount({ local: true }, {})).toEqual({ local: true });
  });

  it('refuses a profile where RECODE_LOCAL=1 chooses the embedded AWS', () => {
    const refusal = expect.objectContaining({ name: 'UsageNotValid', message: expect.stringContaining('RECODE_LOCAL=1') });
    expect(() => parseAccount({ profile: 'team' }, { RECODE_LOCAL: '1' })).toThrow(refusal);
  });

  it.each(['../us-east-1', 'us_east_1', ''])('refuses the region %j', (region) => {
    expect(() => parseAccount({ region }, {})).toThrow(expect.objectContaining({ name: 'UsageNotValid' }));
  });
});

describe('parseTarget', () => {
  it('leaves the repository as it was typed, and the owner out where none was', () => {
    expect(parseTarget('api', {}, {})).toEqual({ repository: 'api', account: { local: false } });
  });

  it('takes what can be the name of an owner', () => {
    expect(parseTarget('api', { owner: 'alice@example.org' }, {})).toMatchObject({ owner: 'alice@example.org' });
    for (const owner of ['', '..', 'alice/acme', 'Alice A.', 'a'.repeat(129)]) {
      const refusal = expect.objectContaining({ name: 'UsageNotValid', message: expect.stringContaining(`Invalid --owner '${owner}'.`) });
      expect(() => parseTarget('api', { owner }, {})).toThrow(refusal);
    }
  });
});

describe('parseOperation', () => {
  it('asks and waits, unless it is told not to', () => {
    const flags: OperationFlags = { wait: true };
    expect(parseOperation('api', flags, {})).toMatchObject({ force: false, wait: true });
    expect(parseOperation('api', { force: true, wait: false }, {})).toMatchObject({ force: true, wait: false });
  });
});
