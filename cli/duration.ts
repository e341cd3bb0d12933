const units = [
  { unit: 'd', seconds: 86_400 },
  { unit: 'h', seconds: 3_600 },
  { unit: 'm', seconds: 60 },
] as const;

/** How long ago a time was, in the largest unit that fits: `12s`, `3h`. Takes ISO 8601 and milliseconds since the epoch. */
export function age(time: string, now: number = Date.now()): string {
  const elapsed = Math.max(0, (now - Date.parse(time)) / 1000);
  const { unit, seconds } = units.find((candidate) => elapsed >= candidate.seconds) ?? { unit: 's', seconds: 1 };
  return `${Math.floor(elapsed / seconds)}${unit}`;
}

/** The same as words: `12s ago`, `3h ago`. */
export function ago(time: string, now: number = Date.now()): string {
  return `${age(time, now)} ago`;
}
