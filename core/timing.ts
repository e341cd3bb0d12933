import * as v from 'valibot';

const Milliseconds = v.pipe(v.number(), v.integer(), v.minValue(0));

/** What an invocation of a step has spent its time on, in milliseconds of its own clock. Nothing is counted twice. */
export const Timing = v.object({
  /** From the start of the process until it could take the first event. Only a sandbox's first invocation has it. */
  coldMilliseconds: v.optional(Milliseconds),
  /** With at least one call to AWS in flight, besides that for the proof of who started the execution. */
  awsMilliseconds: v.optional(Milliseconds, 0),
  /** With only that call in flight. */
  proofMilliseconds: v.exactOptional(Milliseconds),
  /** Waiting for EC2, with no such call in flight. */
  waitedMilliseconds: v.optional(Milliseconds, 0),
  /** In the handler. */
  totalMilliseconds: Milliseconds,
});
export type Timing = v.InferOutput<typeof Timing>;

/** A result with the timing of its invocation. A result that is no object, such as null, has no place for it. */
export function withTiming(result: unknown, timing: Timing): unknown {
  if (result === undefined) return { timing: short(timing) };
  return typeof result === 'object' && result !== null && !Array.isArray(result) ? { ...result, timing: short(timing) } : result;
}

/** A stack trace with the timing as its last line. Of a failure, Lambda passes on its name, its message and this. */
export function stackWithTiming(stack: string, timing: Timing): string {
  return `${stack}\n${lineBegin}${JSON.stringify(short(timing))}`;
}

/** The timing in the result of a Lambda, as Step Functions has it: JSON. Undefined where it has none. */
export function timingInResult(output: string | undefined): Timing | undefined {
  const parsed = v.safeParse(Result, output);
  return parsed.success ? parsed.output.timing : undefined;
}

/** The timing in the failure of a Lambda, as Step Functions has it: JSON with the stack trace. Undefined where it has none. */
export function timingInFailure(cause: string | undefined): Timing | undefined {
  const parsed = v.safeParse(FailureCause, cause);
  const last = parsed.success ? (parsed.output.trace.at(-1) ?? '') : '';
  if (!last.startsWith(lineBegin)) return undefined;
  const timing = v.safeParse(v.pipe(v.string(), v.parseJson(), Timing), last.slice(lineBegin.length));
  return timing.success ? timing.output : undefined;
}

const lineBegin = '    timing ';
const Result = v.pipe(v.string(), v.parseJson(), v.object({ timing: Timing }));
const FailureCause = v.pipe(v.string(), v.parseJson(), v.object({ trace: v.array(v.string()) }));

/** Without what is zero: it becomes part of the state document. */
function short({ coldMilliseconds, awsMilliseconds, proofMilliseconds = 0, waitedMilliseconds, totalMilliseconds }: Timing) {
  return {
    ...(coldMilliseconds !== undefined && { coldMilliseconds }),
    ...(awsMilliseconds > 0 && { awsMilliseconds }),
    ...(proofMilliseconds > 0 && { proofMilliseconds }),
    ...(waitedMilliseconds > 0 && { waitedMilliseconds }),
    totalMilliseconds,
  };
}
