import { readSettings, type Settings } from '../../core/settings.ts';

/** The stack's settings for a step, read from its Lambda's environment. */
export const settings = (): Settings => readSettings(process.env);
