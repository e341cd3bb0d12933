import * as v from 'valibot';

/** A whole number that may have come out of a parameter as text. */
export const wholeBetween = (least: number, most: number) =>
  v.pipe(v.unknown(), v.transform(Number), v.integer(), v.minValue(least), v.maxValue(most));

/** A target's RetryPolicy, of a rule or a schedule. It says how often to try to hand something over to the target, which never fails here. */
export const RetryPolicy = v.strictObject({
  MaximumRetryAttempts: v.optional(wholeBetween(0, 185)),
  MaximumEventAgeInSeconds: v.optional(wholeBetween(60, 86_400)),
});
