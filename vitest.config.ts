import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'local/test/**/*.test.ts'],
    exclude: ['test/clients/**', 'test/integrity/**', 'test/package/**'],
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    // Most tests wait for processes of their own more than they compute.
    maxWorkers: 3,
    // Loading the SDK anew for each file would take longer than most tests do: a test restores what it changes of the process.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: { provider: 'v8', include: ['./core/**', './aws/**', './functions/**'] },
  },
});
