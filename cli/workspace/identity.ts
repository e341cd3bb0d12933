import { quote } from '../ssh/remote.ts';
import { gitSetting } from './git-setting.ts';

/** Who a person is to git, as this machine has it for the current folder. */
export type Identity = readonly (readonly [setting: string, value: string])[];

const settings = ['user.name', 'user.email'] as const;

/** Reads the identity; empty where this machine has none, or no git. */
export async function readIdentity(): Promise<Identity> {
  const values = await Promise.all(settings.map(async (setting) => [setting, await gitSetting(setting)] as const));
  return values.flatMap(([setting, value]) => (value === undefined ? [] : [[setting, value] as const]));
}

/** Sets what the instance has no value for. */
export function identityScript(identity: Identity): string {
  const set = ([setting, value]: Identity[number]) =>
    `  git -C / config --get ${setting} >/dev/null || git config --global ${setting} ${quote(value)}\n`;
  return identity.length === 0 ? '' : `if command -v git >/dev/null; then\n${identity.map(set).join('')}fi\n`;
}
