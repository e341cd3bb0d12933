import { defineConfig } from 'vitest/config';

// Whatever crashes, fails or comes at once: longer than a test that everybody runs all the time.
export default defineConfig({
  test: {
    include: ['test/integrity/**/*.test.ts'],
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    // As in the other tests: their workers wait for processes of their own more than they compute, and share what is loaded.
    maxWorkers: 3,
    isolate: false,
    testTimeout: 1_800_000,
    hookTimeout: 60_000,
  },
});
