import * as v from 'valibot';
import { type Holder, Operation } from './operation.ts';

/**
 * The lock of a record: the operation that holds it or, after a failure, the time (milliseconds since the epoch) until which no operation
 * may take it, because Lambdas of the failed execution may still run. A record without a lock is free.
 */
export const Lock = v.union([Operation, v.object({ quietUntil: v.number() })]);
export type Lock = v.InferOutput<typeof Lock>;

/** Returns the operation that holds a record; undefined if none does. */
export function holderOf({ lock }: { readonly lock?: Lock | undefined }): Operation | undefined {
  return lock && 'executionArn' in lock ? lock : undefined;
}

/** Returns the time until which no operation may take a free record (milliseconds since the epoch); undefined if it may be taken now. */
export function quietUntilOf({ lock }: { readonly lock?: Lock | undefined }): number | undefined {
  return lock && 'quietUntil' in lock ? lock.quietUntil : undefined;
}

/** Whether the execution of an operation holds a record. */
export function isHeldBy(record: { readonly lock?: Lock | undefined }, { executionArn }: Holder): boolean {
  return holderOf(record)?.executionArn === executionArn;
}
