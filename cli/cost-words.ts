/** The price of an hour for people: `$0.051`, `$12.34`; `-` if it is not known. */
export function hourWords(dollars: number | null): string {
  return dollars === null ? '-' : `$${dollars.toFixed(dollars < 10 ? 3 : 2)}`;
}

/** The estimate of a month for people: `~$1.60`, `~$35`; `-` if it is not known. */
export function monthWords(dollars: number | null): string {
  return dollars === null ? '-' : `~$${dollars.toFixed(dollars < 10 ? 2 : 0)}`;
}
