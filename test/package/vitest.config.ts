import { defineConfig } from 'vitest/config';

// What builds and packages everything anew, or reads all of the package: longer than a test that everybody runs all the time.
export default defineConfig({
  test: {
    include: ['test/package/**/*.test.ts'],
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
