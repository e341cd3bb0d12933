import * as v from 'valibot';

/** A call as faults see it. */
export interface FaultedCall {
  readonly service: string;
  readonly action: string;
  /** The function whose sandbox made the call, if one did. */
  readonly functionName: string | undefined;
}

export interface Faults {
  /** Takes the first fault that this call meets, and counts it. A fault that skips the call leaves it to the next one. */
  take(call: FaultedCall): Fault | undefined;
  /**
   * Mounted at `/_local/faults`: POST adds a fault, GET lists those that are left, DELETE forgets all.
   * Throws `v.ValiError` for an unknown field or kind.
   */
  admin(method: string, body: unknown): unknown;
}

const common = {
  /** The service's name in the credential scope, such as `ec2`. */
  service: v.pipe(v.string(), v.minLength(1)),
  action: v.pipe(v.string(), v.minLength(1)),
  /** Only calls of this function's sandboxes. */
  function: v.optional(v.string()),
  /** How many matching calls pass before the first one that is hit. */
  skip: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
  /** How many calls are hit. */
  count: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
};

const Fault = v.variant('kind', [
  v.strictObject({
    ...common,
    kind: v.literal('error'),
    code: v.pipe(v.string(), v.minLength(1)),
    message: v.optional(v.string(), 'This failure was asked for at /_local/faults.'),
    status: v.optional(v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599)), 400),
    /** The call takes effect all the same: the error answers what may be a repetition of it. */
    effect: v.optional(v.boolean(), false),
  }),
  /** The sandbox that made the call is killed, and the call has no effect. */
  v.strictObject({ ...common, kind: v.literal('crash-before') }),
  /** The call takes effect, then the sandbox is killed. */
  v.strictObject({ ...common, kind: v.literal('crash-after') }),
  /** The call takes effect, then the connection is closed without an answer. */
  v.strictObject({ ...common, kind: v.literal('lost-answer') }),
  /** The call takes effect after so many milliseconds of the embedded AWS's clock. */
  v.strictObject({ ...common, kind: v.literal('delay'), milliseconds: v.pipe(v.number(), v.minValue(0)) }),
]);

export type Fault = v.InferOutput<typeof Fault>;

export function createFaults(): Faults {
  let faults: Fault[] = [];

  return {
    take(call) {
      for (const fault of faults) {
        if (!meets(call, fault)) continue;
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

function meets(call: FaultedCall, fault: Fault): boolean {
  if (call.service !== fault.service || call.action !== fault.action) return false;
  if (fault.function !== undefined && call.functionName !== fault.function) return false;
  // Only a sandbox can crash; a fault meant for one waits until one calls.
  return call.functionName !== undefined || !fault.kind.startsWith('crash-');
}
