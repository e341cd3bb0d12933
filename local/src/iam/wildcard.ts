/** Compiles a pattern in which `*` matches any characters and `?` matches one. */
export function wildcard(pattern: string, { ignoreCase = false }: { ignoreCase?: boolean } = {}): (text: string) => boolean {
  if (pattern === '*') return () => true;
  const source = pattern.replace(/[\\^$.*+?()[\]{}|/]/g, (character) =>
    character === '*' ? '.*' : character === '?' ? '.' : `\\${character}`,
  );
  const expression = new RegExp(`^${source}$`, ignoreCase ? 'isu' : 'su');
  return (text) => expression.test(text);
}
