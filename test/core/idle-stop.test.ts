import { expect, it } from 'vitest';
import { idleStopText, parseIdleStop } from '../../core/idle-stop.ts';

it.each([
  ['15m', 15],
  ['90m', 90],
  ['2h', 120],
  ['168h', 10_080],
  ['off', 'off'],
] as const)('reads and writes %s', (text, idleStop) => {
  expect(parseIdleStop(text)).toBe(idleStop);
  expect(idleStopText(idleStop)).toBe(text);
});

it.each(['14m', '0h', '169h', '10081m', '60', '1.5h', 'never', 'OFF', '', ' 2h', '999999h'])('refuses %j', (text) => {
  const message = `Invalid --idle-stop '${text}'. Use a duration from 15m to 7 days (30m, 2h) or off.`;
  expect(() => parseIdleStop(text)).toThrow(expect.objectContaining({ name: 'IdleStopNotValid', message }));
});
