/**
 * The version that the control plane's stack publishes, at the end of the Comment of every state machine:
 * `Start a development environment (recode 0.1.0)`. Undefined where there is none, as in a stack older than that.
 */
export function publishedVersion(comment: string): string | undefined {
  return /\(recode (\S+)\)$/.exec(comment)?.[1];
}

/**
 * Which side is the older one, of a CLI and a stack that do not go together: those of the same major and minor version do. A version that
 * cannot be read is an old one.
 */
export function olderSide(cli: string, stack: string | undefined): 'cli' | 'stack' | undefined {
  const [cliMajor, cliMinor] = parse(cli);
  const [stackMajor, stackMinor] = parse(stack);
  const difference = cliMajor - stackMajor || cliMinor - stackMinor;
  if (difference === 0) return undefined;
  return difference < 0 ? 'cli' : 'stack';
}

function parse(version = ''): readonly [major: number, minor: number] {
  const [, major = '-1', minor = '-1'] = /^(\d+)\.(\d+)\.\d/.exec(version) ?? [];
  return [Number(major), Number(minor)];
}
