import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { AutoStop, autoStopText, GivenAutoStop, parseAutoStop } from '../../core/auto-stop.ts';

const daily = (time: string, timeZone: string): AutoStop => ({ kind: 'daily', time, timeZone });

describe('parseAutoStop', () => {
  it.each<[string, AutoStop]>([
    ['20:00', daily('20:00', 'UTC')],
    ['9:05', daily('09:05', 'UTC')],
    ['00:00', daily('00:00', 'UTC')],
    ['23:59 Europe/Paris', daily('23:59', 'Europe/Paris')],
    ['20:00 UTC', daily('20:00', 'UTC')],
    ['8h', { kind: 'after', minutes: 480 }],
    ['90m', { kind: 'after', minutes: 90 }],
    ['1m', { kind: 'after', minutes: 1 }],
    ['168h', { kind: 'after', minutes: 10_080 }],
    ['never', { kind: 'never' }],
  ])('reads %s', (text, expected) => {
    expect(parseAutoStop(text)).toEqual(expected);
  });

  it('takes the given time zone for a time of day that names none', () => {
    expect(parseAutoStop('20:00', 'Asia/Kolkata')).toEqual(daily('20:00', 'Asia/Kolkata'));
    expect(parseAutoStop('20:00 UTC', 'Asia/Kolkata')).toEqual(daily('20:00', 'UTC'));
    expect(parseAutoStop('8h', 'Asia/Kolkata')).toEqual({ kind: 'after', minutes: 480 });
  });

  it.each([
    '',
    '8',
    '20',
    '24:00',
    '20:60',
    '20:0',
    '20.00',
    '8pm',
    '0h',
    '0m',
    '169h',
    '10081m',
    '1.5h',
    '-8h',
    '8h 30m',
    'Never',
    '20:00 ',
  ])('refuses "%s", naming it', (text) => {
    expect(() => parseAutoStop(text)).toThrow(
      expect.objectContaining({ name: 'AutoStopNotValid', message: expect.stringContaining(`Invalid --auto-stop '${text}'.`) }),
    );
  });

  it.each(['Mars/Olympus', '+02:00', 'GMT+2', ''])('refuses the time zone "%s", naming it', (timeZone) => {
    expect(() => parseAutoStop('20:00', timeZone)).toThrow(
      expect.objectContaining({ name: 'AutoStopNotValid', message: expect.stringContaining(`Invalid time zone '${timeZone}'.`) }),
    );
  });

  it('reads what it has written', () => {
    for (const text of ['20:00 Europe/Paris', '8h', '90m', 'never']) expect(autoStopText(parseAutoStop(text))).toBe(text);
  });
});

describe('an auto-stop that is recorded', () => {
  const unknown = daily('20:00', 'Europe/Not_Yet');

  it('may have a time zone that its reader does not know; one that is asked for may not', () => {
    expect(v.is(AutoStop, unknown)).toBe(true);
    expect(v.is(GivenAutoStop, unknown)).toBe(false);
    expect(v.is(GivenAutoStop, daily('20:00', 'Europe/Paris'))).toBe(true);
  });

  it.each([daily('24:00', 'UTC'), daily('8:00', 'UTC'), { kind: 'after', minutes: 0.5 }, { kind: 'after', minutes: 10_081 }])(
    'is not %j',
    (value) => {
      expect(v.is(AutoStop, value)).toBe(false);
    },
  );
});
