import { RecodeError } from '../../core/errors.ts';
import { type Config, changeConfig, configFile, readConfig } from './config-file.ts';
import { type SettingName, type SettingValues, settingRows } from './rows.ts';

/** The settings of the person on this machine. */
export interface UserSettings {
  /** A setting, parsed as its option would be; undefined where it is not set. Throws RecodeError SettingNotValid. */
  get<Name extends SettingName>(name: Name): SettingValues[Name] | undefined;
}

/** Nobody's settings. */
export const noUserSettings: UserSettings = { get: () => undefined };

/**
 * Reads the configuration file once. An option and an environment variable override a setting, which overrides the files of the AWS CLI and
 * the defaults of the team.
 *
 * @throws RecodeError ConfigDamaged, ConfigNotReadable, NoHome
 */
export function readUserSettings(variables: NodeJS.ProcessEnv): UserSettings {
  const file = configFile(variables);
  const config = readConfig(file);
  return {
    get<Name extends SettingName>(name: Name) {
      return settingOf(name, config, file, variables) as SettingValues[Name] | undefined;
    },
  };
}

/**
 * Saves a setting. All others stay as they are, also those that only a newer version knows.
 *
 * @throws RecodeError UsageNotValid, InstanceTypeNotValid, ConfigDamaged, ConfigNotReadable, ConfigNotWritable, NoHome
 */
export async function saveUserSetting(name: SettingName, text: string, variables: NodeJS.ProcessEnv): Promise<string> {
  const value = settingRows[name].parse(text, name, variables);
  await changeConfig(configFile(variables), (config) => ({ ...config, [name]: value }));
  return value;
}

/**
 * Removes a setting. Returns false if there was none.
 *
 * @throws RecodeError ConfigDamaged, ConfigNotReadable, ConfigNotWritable, NoHome
 */
export async function removeUserSetting(name: SettingName, variables: NodeJS.ProcessEnv): Promise<boolean> {
  const file = configFile(variables);
  if (!Object.hasOwn(readConfig(file), name)) return false;
  const before = await changeConfig(file, ({ [name]: _, ...others }) => others);
  return Object.hasOwn(before, name);
}

function settingOf(name: SettingName, config: Config, file: string, variables: NodeJS.ProcessEnv): string | undefined {
  const value = Object.hasOwn(config, name) ? config[name] : undefined;
  if (value === undefined) return undefined;
  const problem = `The setting ${name} in ${file} is ${JSON.stringify(value)}.`;
  const advice = `Set it with "recode config set ${name} <value>", or remove it with "recode config unset ${name}".`;
  if (typeof value !== 'string') throw new RecodeError('SettingNotValid', `${problem} ${advice}`);
  try {
    return settingRows[name].parse(value, name, variables);
  } catch (error) {
    if (!(error instanceof RecodeError)) throw error;
    throw new RecodeError('SettingNotValid', `${problem} ${error.message} ${advice}`, { cause: error });
  }
}
