import { AwsFailure } from '../service.ts';

/** The default number of items on a page. */
const defaultResults = 100;

/**
 * A page of items. A token has the number of the last item, so that new items do not repeat or hide others, and the query, so that it is not
 * valid for another one. Throws `InvalidToken`.
 */
export function page<T>(
  all: readonly T[],
  numberOf: (item: T) => number,
  { query, maxResults, nextToken }: { query: string; maxResults: number; nextToken: string | undefined },
): { items: T[]; nextToken?: string } {
  const begin = nextToken === undefined ? 0 : all.findIndex((item) => tokenOf(query, numberOf(item)) === nextToken) + 1;
  if (nextToken !== undefined && begin === 0) throw new AwsFailure('InvalidToken', "Invalid Token: 'Invalid token'");
  const items = all.slice(begin, begin + (maxResults || defaultResults));
  const last = items.at(-1);
  const isEnd = last === undefined || begin + items.length === all.length;
  return isEnd ? { items } : { items, nextToken: tokenOf(query, numberOf(last)) };
}

function tokenOf(query: string, number: number): string {
  return Buffer.from(JSON.stringify([query, number])).toString('base64url');
}
