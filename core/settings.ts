import * as v from 'valibot';
import { type AutoStop, parseAutoStop, parseMinutes } from './auto-stop.ts';
import { canonicalCidr } from './cidr.ts';
import { EnvironmentRequest } from './environment.ts';
import { RecodeError } from './errors.ts';
import { type IdleStop, parseIdleStop } from './idle-stop.ts';
import { InstanceTypeName } from './instance-type.ts';
import { type Keep, parseKeep } from './kept.ts';
import type { Tag } from './tags.ts';
import { type TeammateSettings, teammatePolicies } from './teammates.ts';

const list = v.pipe(
  v.string(),
  v.transform((text) => text.split(',').flatMap((part) => part.trim() || [])),
);
const count = v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number));
const optional = v.pipe(
  v.string(),
  v.transform((text) => (text === '' ? undefined : text)),
);

/** The variables of a function's environment that hold what the administrator has chosen; infra/parameters.yml says which and why. */
const Variables = v.object({
  RECODE_INSTANCE_TYPE: InstanceTypeName,
  RECODE_ALLOWED_INSTANCE_TYPES: list,
  RECODE_INGRESS_CIDRS: v.pipe(
    list,
    v.minLength(1),
    // EC2 returns them so, and they are compared.
    v.transform((blocks) => blocks.map((block) => canonicalCidr(block))),
    v.array(v.string('not an IPv4 CIDR block')),
  ),
  RECODE_VOLUME_SIZE: count,
  RECODE_VOLUME_TYPE: EnvironmentRequest.entries.volumeType,
  RECODE_VOLUME_ENCRYPTED: v.pipe(
    v.picklist(['true', 'false']),
    v.transform((text) => text === 'true'),
  ),
  RECODE_VOLUME_KMS_KEY: optional,
  RECODE_ENVIRONMENTS_PER_OWNER: count,
  RECODE_HOURS_PER_OWNER: count,
  RECODE_TEAMMATES: v.picklist(teammatePolicies),
  RECODE_ADMINISTRATORS: list,
  RECODE_AUTO_STOP: v.pipe(v.string(), v.nonEmpty()),
  RECODE_LONGEST_RUN: optional,
  RECODE_IDLE_STOP: v.pipe(v.string(), v.nonEmpty()),
  RECODE_KEEP_REMOVED: optional,
  RECODE_TAGS: v.pipe(list, v.array(v.pipe(v.string(), v.regex(/^[^=]+=/, 'not a tag such as team=platform'), v.transform(tagOf)))),
});

/** What the administrator of a stack has chosen for all of its environments. */
export interface Settings extends TeammateSettings {
  /** Of a start that asks for none. */
  readonly instanceType: string;
  /** Which types may be asked for, such as `t3.large` or `t3.*`; none means any. */
  readonly allowedInstanceTypes: readonly string[];
  /** IPv4 blocks that may reach SSH where a start names none. */
  readonly ingressCidrs: readonly string[];
  /** GiB. */
  readonly volumeSize: number;
  readonly volumeType: EnvironmentRequest['volumeType'];
  readonly volumeEncrypted: boolean;
  /** The ARN of the key that encrypts volumes, where it is not the account's default. */
  readonly volumeKmsKey: string | undefined;
  /** How many environments one owner may have; 0 means any number. */
  readonly environmentsPerOwner: number;
  /** How many hours the environments of one owner may run in a calendar month (UTC); 0 means any number. */
  readonly hoursPerOwner: number;
  /** When an environment is stopped whose start says nothing of it: `20:00 UTC`, `8h`, `never`. */
  readonly autoStop: AutoStop;
  /** How far ahead the next stop may be, in minutes, whatever the owner chooses; undefined for no limit. */
  readonly longestRun: number | undefined;
  /** How long nobody may use an environment until it is stopped, if its start says nothing of it. */
  readonly idleStop: IdleStop;
  /** For how long the disk of a removed environment is kept, where its removal does not say. */
  readonly keepRemoved: Keep;
  /** Tags of every resource beside ours, by which the administrator tells costs apart. */
  readonly costTags: readonly Tag[];
}

/**
 * Reads the settings from a function's environment.
 *
 * @throws RecodeError SettingsNotValid naming the variable
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const parsed = v.safeParse(Variables, environment, { abortEarly: true });
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new RecodeError('SettingsNotValid', `${v.getDotPath(issue)}: ${issue.message}.`);
  }
  const of = parsed.output;
  const longest = of.RECODE_LONGEST_RUN;
  const keep = of.RECODE_KEEP_REMOVED;
  return {
    instanceType: of.RECODE_INSTANCE_TYPE,
    allowedInstanceTypes: of.RECODE_ALLOWED_INSTANCE_TYPES,
    ingressCidrs: of.RECODE_INGRESS_CIDRS,
    volumeSize: of.RECODE_VOLUME_SIZE,
    volumeType: of.RECODE_VOLUME_TYPE,
    volumeEncrypted: of.RECODE_VOLUME_ENCRYPTED,
    volumeKmsKey: of.RECODE_VOLUME_KMS_KEY,
    environmentsPerOwner: of.RECODE_ENVIRONMENTS_PER_OWNER,
    hoursPerOwner: of.RECODE_HOURS_PER_OWNER,
    teammates: of.RECODE_TEAMMATES,
    administrators: of.RECODE_ADMINISTRATORS,
    autoStop: fromVariable('RECODE_AUTO_STOP', () => parseAutoStop(of.RECODE_AUTO_STOP, 'UTC', 'time to stop')),
    longestRun: longest === undefined ? undefined : fromVariable('RECODE_LONGEST_RUN', () => parseMinutes(longest)),
    idleStop: fromVariable('RECODE_IDLE_STOP', () => parseIdleStop(of.RECODE_IDLE_STOP, 'idle time')),
    keepRemoved: keep === undefined ? false : fromVariable('RECODE_KEEP_REMOVED', () => parseKeep(keep)),
    costTags: of.RECODE_TAGS,
  };
}

/** Reads a variable whose form has an error of its own. Throws SettingsNotValid naming it. */
function fromVariable<Value>(name: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RecodeError)) throw error;
    throw new RecodeError('SettingsNotValid', `${name}: ${error.message}`, { cause: error });
  }
}

function tagOf(pair: string): Tag {
  const equals = pair.indexOf('=');
  return { Key: pair.slice(0, equals), Value: pair.slice(equals + 1) };
}
