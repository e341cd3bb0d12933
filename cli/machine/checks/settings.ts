import type { Failure } from '../../failure.ts';
import { configFile, readConfig } from '../../settings/config-file.ts';
import { settingNames } from '../../settings/rows.ts';
import { readUserSettings } from '../../settings/user-settings.ts';
import { type Check, failed, ok } from '../check.ts';
import type { Explain } from '../explain.ts';

/** The settings of the person. */
export interface SeenSettings {
  readonly file: string;
  /** The names of those that are set. */
  readonly names: readonly string[];
  /** Why the file, or a setting in it, cannot be used. */
  readonly failures: readonly Failure[];
}

/** Whether the file of settings can be read, and each setting used. */
export function settingsCheck({ file, names, failures }: SeenSettings): Check[] {
  if (failures.length > 0) return failures.map((failure) => failed('settings', failure));
  return [ok('settings', names.length === 0 ? `None set in ${file}` : `${names.join(', ')} in ${file}`)];
}

/** Reads the file, and each setting. */
export function seeSettings(explain: Explain): SeenSettings {
  try {
    const file = configFile(process.env);
    const names = Object.keys(readConfig(file));
    const settings = readUserSettings(process.env);
    const failures: Failure[] = [];
    for (const name of settingNames) {
      try {
        settings.get(name);
      } catch (error) {
        failures.push(explain(error));
      }
    }
    return { file, names, failures };
  } catch (error) {
    return { file: '', names: [], failures: [explain(error)] };
  }
}
