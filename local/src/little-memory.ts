/**
 * The flags of Node.js with which a process takes little memory: it runs beside what a person works with. By default, its young objects alone
 * may take 32 MB before they are collected.
 */
export const littleMemory: readonly string[] = ['--optimize-for-size', '--max-semi-space-size=1'];
