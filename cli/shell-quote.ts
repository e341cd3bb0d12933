/** A word as the shell of this machine reads it back, quoted only where it has to be. */
export function shellQuote(word: string): string {
  return shellQuoteOn(process.platform, word);
}

/**
 * The same for the shell of a platform: a POSIX shell, or on Windows both cmd.exe and PowerShell, which agree on double quotes around
 * anything that a path has there, but not on `%`, `$` and backticks.
 */
export function shellQuoteOn(platform: NodeJS.Platform, word: string): string {
  if (platform === 'win32') return /^[A-Za-z0-9_@+=:./\\-]+$/.test(word) ? word : `"${word.replaceAll('"', '\\"')}"`;
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
