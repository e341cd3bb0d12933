import * as v from 'valibot';

/** What faults know about a call. */
export interface FaultedCall {
  readonly service: string;
  readonly action: string;
  /** The function that made the call, if a sandbox did. */
  readonly functionName: string | undefined;
}

export interface Faults {
  /** Takes the first fault that applies to this call, and counts it. If a fault skips the call, the next one may apply. */
  take(call: FaultedCall): Fault | undefined;
  /**
   * Mounted at `/_local/faults`. POST adds a fault, GET lists the faults that are left, DELETE removes all.
   * Throws `v.ValiError` for an unknown field or kind.
   */
  admin(method: string, body: unknown): unknown;
}

const common = {
  /** The service's name in the credential scope, for example `ec2`. */
  service: v.pipe(v.string(), v.minLength(1)),
  action: v.pipe(v.string(), v.minLength(1)),
  /** Only calls of this function. */
  function: v.optional(v.string()),
  /** How many matching calls pass before the fault applies. */
  skip: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
  /** To how many calls it applies. */
  count: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
};

const Fault = v.variant('kind', [
  v.strictObject({
    ...common,
    kind: v.literal('error'),
    code: v.pipe(v.string(), v.minLength(1)),
    message: v.optional(v.string(), 'This failure was requested at /_local/faults.'),
    status: v.optional(v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599)), 400),
    /** Whether the call takes effect and still fails. */
    effect: v.optional(v.boolean(), false),
  }),
  /** The calling sandbox is killed, and the call has no effect. */
  v.strictObject({ ...common, kind: v.literal('crash-before') }),
  /** The call takes effect. Then the calling sandbox is killed. */
  v.strictObject({ ...common, kind: v.literal('crash-after') }),
  /** The call takes effect. Then the connection is closed without an answer. */
  v.strictObject({ ...common, kind: v.literal('lost-answer') }),
  /** The call takes effect after these milliseconds on the clock. */
  v.strictObject({ ...common, kind: v.literal('delay'), milliseconds: v.pipe(v.number(), v.minValue(0)) }),
]);

export type Fault = v.InferOutput<typeof Fault>;

export function createFaults(): Faults {
  let faults: Fault[] = [];

  return {
    take(call) {
      for (const fault of faults) {
        if (!appliesTo(call, fault)) continue;
        if (fault.skip > 0) {
          fault.skip -= 1;
          continue;
        }
        fault.count -= 1;
        if (fault.count === 0) faults = faults.filter((other) => other !== fault);
        return fault;
      }
      return undefined;
    },
    admin(method, body) {
      if (method === 'POST') faults.push(v.parse(Fault, body));
      if (method === 'DELETE') faults = [];
      return { faults };
    },
  };
}

function appliesTo(call: FaultedCall, fault: Fault): boolean {
  if (call.service !== fault.service || call.action !== fault.action) return false;
  if (fault.function !== undefined && call.functionName !== fault.function) return false;
  // Only a sandbox can crash. Such a fault waits for a call of one.
  return call.functionName !== undefined || !fault.kind.startsWith('crash-');
}
