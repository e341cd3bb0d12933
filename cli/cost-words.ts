import type { Currency } from '../core/prices.ts';

const symbols: Readonly<Record<Currency, string>> = { USD: '$', CNY: '¥' };

/** The sign of a currency: `$`; `$` as well if none is known. */
export function currencySign(currency: Currency | null): string {
  return symbols[currency ?? 'USD'];
}

/** The price of an hour for people: `$0.051`, `¥12.34`; `-` if it is not known. */
export function hourWords(amount: number | null, currency: Currency | null): string {
  return amount === null ? '-' : `${currencySign(currency)}${amount.toFixed(amount < 10 ? 3 : 2)}`;
}

/** The estimate of a month for people: `~$1.60`, `~¥35`; `-` if it is not known. */
export function monthWords(amount: number | null, currency: Currency | null): string {
  return amount === null ? '-' : `~${currencySign(currency)}${amount.toFixed(amount < 10 ? 2 : 0)}`;
}
