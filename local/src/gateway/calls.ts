/** An API call in `/_local/calls`. */
export interface Call {
  /** The number of the call, in the order of arrival. */
  readonly sequence: number;
  readonly service: string;
  /** Empty if the request names none. */
  readonly action: string;
  readonly accessKeyId: string;
  readonly functionName?: string;
  readonly region: string;
  /** `ok`, the error code, or the kind of fault if there was no answer. */
  readonly outcome: string;
}

export interface CallLog {
  /** Records the arrival of a call. It is listed when `end` is called. */
  begin(call: Omit<Call, 'sequence' | 'outcome'>): { end(outcome: string): void };
  /** Mounted at `/_local/calls`. GET lists the calls, DELETE forgets them. */
  admin(method: string): unknown;
}

// A process may run for weeks.
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
