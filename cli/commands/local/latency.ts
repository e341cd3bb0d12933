import type { Latency } from '@recode/embedded-aws/control';
import { oneOf } from '../../one-of.ts';

/** How long the embedded AWS may take: no time, as long as AWS, or the same with AWS's limits on requests. */
export const latencies = ['instant', 'calibrated', 'throttled'] as const satisfies readonly Latency[];

/** Reads what was typed for --latency. Throws RecodeError UsageNotValid. */
export const parseLatency = (text: string): Latency => oneOf(latencies, text, '--latency');
