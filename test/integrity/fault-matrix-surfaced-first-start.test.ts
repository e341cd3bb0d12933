import { it } from 'vitest';
import { surfaced } from './fault-matrix-surfaced.ts';
import { sweep } from './fault-matrix-sweep.ts';

// A file of its own, and so a process: it is half of the matrix.
it('fails at once with what repeating cannot mend, and after a while with what it could have mended', () =>
  sweep({
    ...surfaced,
    of: 'what a first start fails with',
    select: (one) => surfaced.select(one) && one.stage.name === 'first start',
  }));
