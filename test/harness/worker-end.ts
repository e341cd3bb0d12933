import type { Environment } from 'vitest/runtime';
import { builtinEnvironments } from 'vitest/runtime';

type Ending = () => Promise<void>;

// Vitest loads this file twice into a worker: as the environment, and for the tests. They share only what is global.
const key = Symbol.for('recode: what a worker ends with');
const shared = globalThis as { [key]?: Ending[] };

/** Ends something after the last test file of this worker process, which tests share with `isolate: false`. */
export function atWorkerEnd(ending: Ending): void {
  shared[key] = [...(shared[key] ?? []), ending];
}

/** Vitest's environment `node`, which ends what tests of several files have shared. */
export default {
  name: 'node-with-worker-end',
  viteEnvironment: 'ssr',
  async setup(global, options) {
    const node = await builtinEnvironments.node.setup(global, options);
    return {
      async teardown() {
        await Promise.all((shared[key] ?? []).map((ending) => ending()));
        await node.teardown(global);
      },
    };
  },
} satisfies Environment;
