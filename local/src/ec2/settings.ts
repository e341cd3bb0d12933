import * as v from 'valibot';
import { defaultLatency, type Ec2Profile, Latency, profiles } from '../profiles.ts';

/** The settings at `/_local/ec2`: latency, eventual consistency, and failures of launches and starts. They last until the process ends. */
export const Settings = v.strictObject({
  latency: Latency,
  /** How long a new resource stays invisible. */
  invisibleMilliseconds: v.pipe(v.number(), v.minValue(0)),
  /** The failures of the next launches, in order. An entry applies to `count` launches, by default one. */
  launches: v.array(
    v.strictObject({
      outcome: v.picklist(['terminated', 'never-answers', 'dies-booting']),
      reason: v.optional(v.string()),
      count: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
    }),
  ),
  /** The failures of the next starts of stopped instances. */
  starts: v.array(
    v.strictObject({
      outcome: v.picklist(['stopped']),
      reason: v.optional(v.string()),
      count: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
    }),
  ),
  /** The groups of Local and Wavelength Zones that the account has opted in to, for example `us-west-2-lax-1`. */
  zoneGroups: v.array(v.string()),
  /** The blocks of subnets whose last free addresses others have taken, for example load balancers. */
  full: v.array(v.string()),
  /**
   * The zones without capacity for more instances, of one type or of all. EC2 refuses launches and starts there, or accepts them (`accepts`) and
   * ends them while they are pending.
   */
  withoutCapacity: v.array(v.strictObject({ zone: v.string(), instanceType: v.optional(v.string()), accepts: v.optional(v.boolean()) })),
});
export type Settings = v.InferOutput<typeof Settings>;

/** The settings of a fresh process. */
export function defaultSettings(): Settings {
  return { latency: defaultLatency, invisibleMilliseconds: 0, launches: [], starts: [], zoneGroups: [], full: [], withoutCapacity: [] };
}

/** Removes the next planned outcome from a list such as `settings.launches`; undefined if nothing is planned. */
export function nextOutcome<T extends { count?: number | undefined }>(planned: T[]): T | undefined {
  const [next] = planned;
  if (!next) return undefined;
  if ((next.count ?? 1) > 1) next.count = (next.count ?? 1) - 1;
  else planned.shift();
  return next;
}

/** How long EC2 takes, and how much it takes at once. */
export function profileOf({ latency }: Pick<Settings, 'latency'>): Ec2Profile {
  return profiles[latency].ec2;
}
