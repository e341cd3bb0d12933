/** The hooks of a repository, in the order in which they run: once after the first clone, and after each start. */
export const hookNames = ['init', 'start'] as const;
export type HookName = (typeof hookNames)[number];

/** The file of a hook in its repository. */
export const hookFile = (name: HookName): string => `.recode/hooks/${name}.sh`;
