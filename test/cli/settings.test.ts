import { describe, expect, it } from 'vitest';
import { parseStart } from '../../cli/commands/aws/start/request.ts';
import { endpointMeant, isEndpoint } from '../../cli/endpoint.ts';
import { isRegion, regionMeant } from '../../cli/region.ts';

const refusal = (message: string, name = 'SettingNotValid') => expect.objectContaining({ name, message });

describe('a region', () => {
  // https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
  it.each(['us-east-1', 'ap-southeast-7', 'mx-central-1', 'us-gov-west-1', 'cn-northwest-1', 'us-iso-east-1', 'eusc-de-east-1'])(
    'may be %s',
    (region) => {
      expect(isRegion(region)).toBe(true);
    },
  );

  it.each([
    ['us-east-1 ', 'us-east-1'],
    ['US-EAST-1', 'us-east-1'],
    ['us_east_1', 'us-east-1'],
    ['us-east-1\n', 'us-east-1'],
    ['eu-west-3/', undefined],
    ['-', undefined],
    ['xx', undefined],
    ['us-east', undefined],
    ['us-east-1a', undefined],
    ['', undefined],
    ['a'.repeat(64), undefined],
  ])('cannot be %j, which may mean %s', (text, meant) => {
    expect(isRegion(text)).toBe(false);
    expect(regionMeant(text)).toBe(meant);
  });
});

describe('an endpoint', () => {
  it.each(['http://127.0.0.1:4566', 'https://vpce-1.sts.us-east-1.vpce.amazonaws.com/', 'HTTP://localhost', 'http://[::1]:4566/path'])(
    'may be %s',
    (url) => {
      expect(isEndpoint(url)).toBe(true);
    },
  );

  it.each([
    ['127.0.0.1:4566', 'http://127.0.0.1:4566'],
    ['localhost:4566', 'http://localhost:4566'],
    ['http://127.0.0.1:4566 ', 'http://127.0.0.1:4566'],
    ['//127.0.0.1:4566', 'http://127.0.0.1:4566'],
    ['http://', undefined],
    ['http://127.0.0.1:99999', undefined],
    ['file:///etc/passwd', undefined],
    ['http://me:secret@127.0.0.1', undefined],
  ])('cannot be %j, which may mean %s', (text, meant) => {
    expect(isEndpoint(text)).toBe(false);
    expect(endpointMeant(text)).toBe(meant);
  });
});

describe('TZ', () => {
  it('that names no time zone is named where a time of day needs one', () => {
    const before = process.env.TZ;
    process.env.TZ = 'Nowhere/Land';
    try {
      const message = 'TZ is "Nowhere/Land". Set it to a name from the IANA database, for example Europe/Paris, or use --time-zone.';
      const none = { wait: true, open: true, clone: true, hooks: true };
      expect(() => parseStart('acme/api', { ...none, autoStop: '20:00' }, {})).toThrow(refusal(message));
      expect(parseStart('acme/api', { ...none, autoStop: '8h' }, {}).request).toEqual({
        autoStop: { kind: 'after', minutes: 480 },
      });
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });
});
