import { RecodeError } from '../../core/errors.ts';
import { parseDotfiles } from '../dotfiles.ts';
import { editors, parseEditor } from '../editor.ts';
import { gitProtocols, parseGitProtocol } from '../git-protocol.ts';
import { parseInstanceType } from '../instance-type.ts';
import { parseRegion } from '../region.ts';

/** A setting that a person can have on this machine. */
interface Row<Value extends string> {
  /** What it is, as the help has it. */
  readonly summary: string;
  /** The option that it is the default of. */
  readonly option: string;
  /** The environment variables that override it, the strongest first. */
  readonly variables: readonly string[];
  /** What holds without it, as the help has it. */
  readonly fallback: string;
  /** What can be set, where these are a few words. */
  readonly values?: readonly Value[];
  /** Reads a value as the option is read. Throws RecodeError UsageNotValid, InstanceTypeNotValid. */
  readonly parse: (text: string, source: string, variables: NodeJS.ProcessEnv) => Value;
}

/** All settings, in the order in which they are shown. */
export const settingRows = {
  profile: row({
    summary: 'profile of the AWS CLI',
    option: '--profile',
    variables: ['AWS_PROFILE', 'AWS_DEFAULT_PROFILE'],
    fallback: 'default',
    parse: parseProfile,
  }),
  region: row({
    summary: 'AWS region',
    option: '--region',
    variables: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
    fallback: "the profile's",
    parse: parseRegion,
  }),
  editor: row({
    summary: 'editor for environments',
    option: '--editor',
    variables: [],
    fallback: 'asked at the first start',
    values: editors,
    parse: parseEditor,
  }),
  dotfiles: row({
    summary: 'repository of your dotfiles',
    option: '--dotfiles',
    variables: [],
    fallback: 'none',
    parse: parseDotfiles,
  }),
  'instance-type': row({
    summary: 'EC2 instance type of new environments',
    option: '--instance-type',
    variables: [],
    fallback: "your team's",
    parse: parseInstanceType,
  }),
  'git-protocol': row({
    summary: 'protocol to clone repositories with',
    option: '--git-protocol',
    variables: [],
    fallback: 'https',
    values: gitProtocols,
    parse: parseGitProtocol,
  }),
} as const;

export type SettingName = keyof typeof settingRows;

/** What each setting is once it is read. */
export type SettingValues = { readonly [Name in SettingName]: ReturnType<(typeof settingRows)[Name]['parse']> };

export const settingNames = Object.keys(settingRows) as readonly SettingName[];

function row<Value extends string>(settings: Row<Value>): Row<Value> {
  return settings;
}

/** Which profiles there are is for the files of the AWS CLI to say. */
function parseProfile(text: string, source: string): string {
  if (text.trim() !== '') return text;
  throw new RecodeError('UsageNotValid', `Invalid ${source} '${text}'. Use the name of a profile of the AWS CLI.`);
}
