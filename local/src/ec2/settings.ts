import * as v from 'valibot';

/** The settings at `/_local/ec2`: latency, eventual consistency, and failures of launches and starts. They last until the process ends. */
export const Settings = v.strictObject({
  latency: v.picklist(['instant', 'calibrated']),
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
});
export type Settings = v.InferOutput<typeof Settings>;

/** The settings of a fresh process. */
export function defaultSettings(): Settings {
  return { latency: 'instant', invisibleMilliseconds: 0, launches: [], starts: [], zoneGroups: [] };
}

/** Removes the next planned outcome from a list such as `settings.launches`; undefined if nothing is planned. */
export function nextOutcome<T extends { count?: number | undefined }>(planned: T[]): T | undefined {
  const [next] = planned;
  if (!next) return undefined;
  if ((next.count ?? 1) > 1) next.count = (next.count ?? 1) - 1;
  else planned.shift();
  return next;
}

/** Durations, in milliseconds on the clock. */
export const latencies = {
  /** Long enough to see each state. */
  instant: { runInstances: 0, call: 0, pending: 150, booting: 150, stopping: 150, shuttingDown: 150 },
  /** Measured on AWS with a t2.medium. */
  calibrated: { runInstances: 1500, call: 300, pending: 4900, booting: 22_800, stopping: 20_000, shuttingDown: 30_000 },
} as const;
