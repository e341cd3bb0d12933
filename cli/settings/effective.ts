import { type SettingName, settingNames, settingRows } from './rows.ts';
import type { UserSettings } from './user-settings.ts';

/** What decides a setting while no option is given. */
export interface EffectiveSetting {
  readonly name: SettingName;
  /** Null where the default is not a value of its own. */
  readonly value: string | null;
  readonly source: 'setting' | 'variable' | 'default';
  /** The environment variable, where one decides. */
  readonly variable: string | null;
  /** The default, in words. */
  readonly fallback: string;
}

/** An environment variable that is set. */
export interface Variable {
  readonly name: string;
  readonly value: string;
}

/** All settings as they count for commands without options. Throws RecodeError SettingNotValid. */
export function effectiveSettings(settings: UserSettings, variables: NodeJS.ProcessEnv): EffectiveSetting[] {
  return settingNames.map((name) => {
    const { fallback, values = [] } = settingRows[name];
    const variable = overridingVariable(name, variables);
    if (variable) return { name, value: variable.value, source: 'variable', variable: variable.name, fallback };
    const value = settings.get(name);
    if (value !== undefined) return { name, value, source: 'setting', variable: null, fallback };
    return { name, value: values.find((known) => known === fallback) ?? null, source: 'default', variable: null, fallback };
  });
}

/** The environment variable that overrides a setting, if one is set. */
export function overridingVariable(name: SettingName, variables: NodeJS.ProcessEnv): Variable | undefined {
  const set = settingRows[name].variables.map((variable) => ({ name: variable, value: variables[variable] ?? '' }));
  return set.find(({ value }) => value !== '');
}
