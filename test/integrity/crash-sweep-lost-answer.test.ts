import { it } from 'vitest';
import { retried, sweep } from './crash-sweep.ts';

it('converges when any mutating call takes effect and is not answered', () => sweep('lost answer', retried('lost-answer')));
