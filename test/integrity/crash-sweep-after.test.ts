import { it } from 'vitest';
import { retried, sweep } from './crash-sweep.ts';

it('converges when a sandbox dies just after any of its mutating calls', () => sweep('crash after', retried('crash-after')));
