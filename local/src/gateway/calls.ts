/** An API call as `/_local/calls` tells of it. */
export interface Call {
  /** Counts the calls in the order of their arrival. */
  readonly sequence: number;
  readonly service: string;
  /** Empty where the request names none. */
  readonly action: string;
  readonly accessKeyId: string;
  readonly functionName?: string;
  readonly region: string;
  /** `ok`, the code it failed with, or the kind of the fault that left it without an answer. */
  readonly outcome: string;
}

export interface CallLog {
  /** Notes a call's arrival; it is listed once `end` is called. */
  begin(call: Omit<Call, 'sequence' | 'outcome'>): { end(outcome: string): void };
  /** Mounted at `/_local/calls`: GET lists the calls, DELETE forgets them. */
  admin(method: string): unknown;
}

// A process may run for weeks; the oldest calls go first.
const kept = 10_000;

export function createCallLog(): CallLog {
  let calls: Call[] = [];
  let arrived = 0;

  return {
    begin(call) {
      arrived += 1;
      const sequence = arrived;
      return {
        end(outcome) {
          calls.push({ sequence, ...call, outcome });
          if (calls.length > kept) calls.shift();
        },
      };
    },
    admin(method) {
      if (method === 'DELETE') calls = [];
      return { calls: [...calls].sort((one, other) => one.sequence - other.sequence) };
    },
  };
}
