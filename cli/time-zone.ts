import { settingNotValid } from './setting-not-valid.ts';
import { localTimeZone } from './stop-time.ts';

/**
 * The time zone that a time of day without one is in; empty where this machine has none.
 *
 * @throws RecodeError SettingNotValid
 */
export function zoneOfThisMachine(when: string): string {
  const zone = localTimeZone();
  const { TZ = '' } = process.env;
  if (zone !== undefined || TZ === '' || !/^\d?\d:\d\d$/.test(when)) return zone ?? '';
  throw settingNotValid('TZ', TZ, 'Set it to a name from the IANA database, for example Europe/Paris, or use --time-zone.');
}
