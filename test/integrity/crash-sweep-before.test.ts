import { it } from 'vitest';
import { retried, sweep } from './crash-sweep.ts';

it('converges when a sandbox dies just before any of its mutating calls', () => sweep('crash before', retried('crash-before')));
