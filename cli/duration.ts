const steps = [
  { unit: 's', seconds: 1, until: 100 },
  { unit: 'min', seconds: 60, until: 100 * 60 },
  { unit: 'h', seconds: 3_600, until: 48 * 3_600 },
  { unit: 'days', seconds: 86_400, until: Number.POSITIVE_INFINITY },
] as const;

/** How long ago a time was, in the largest unit that says enough: `12 s ago`, `3 h ago`. Takes ISO 8601 and milliseconds since the epoch. */
export function ago(time: string, now: number = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(time)) / 1000);
  const step = steps.find(({ until }) => seconds < until) ?? steps[3];
  return `${Math.floor(seconds / step.seconds)} ${step.unit} ago`;
}
