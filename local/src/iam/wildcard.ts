/** Whether a text is what a pattern describes, in which `*` stands for any characters and `?` for one. */
export function wildcard(pattern: string, { ignoreCase = false }: { ignoreCase?: boolean } = {}): (text: string) => boolean {
  if (pattern === '*') return () => true;
  const source = pattern.replace(/[\\^$.*+?()[\]{}|/]/g, (character) =>
    character === '*' ? '.*' : character === '?' ? '.' : `\\${character}`,
  );
  const expression = new RegExp(`^${source}$`, ignoreCase ? 'isu' : 'su');
  return (text) => expression.test(text);
}

/** The same for ARNs: a wildcard does not reach over the colons between their first five parts. */
export function arnWildcard(pattern: string): (arn: string) => boolean {
  const parts = arnParts(pattern).map((part) => wildcard(part));
  return (arn) => {
    const given = arnParts(arn);
    return given.length === parts.length && parts.every((matches, index) => matches(given[index] ?? ''));
  };
}

/** `arn`, partition, service, region, account and the rest, colons and all. */
function arnParts(arn: string): string[] {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), ...(parts.length > 5 ? [parts.slice(5).join(':')] : [])];
}
