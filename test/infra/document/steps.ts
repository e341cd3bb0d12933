import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { StepContract } from './walk.ts';

const folder = join(import.meta.dirname, '../../../functions');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const modules = (await Promise.all(files.map((file) => import(join(folder, file))))) as Record<string, object>[];
const exported = modules.flatMap((module) => Object.entries(module)).filter(([, value]) => 'input' in value && 'output' in value);

/** The steps, each by the name of its state. */
export const steps = Object.fromEntries(
  exported.map(([name, step]) => [`${name[0]?.toUpperCase()}${name.slice(1)}`, step as StepContract]),
);
