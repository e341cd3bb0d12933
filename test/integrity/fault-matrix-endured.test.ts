import { it } from 'vitest';
import { endured } from './fault-matrix-endured.ts';
import { sweep } from './fault-matrix-sweep.ts';

it('gets over what AWS answers once, and what it answers for a while', () => sweep(endured));
