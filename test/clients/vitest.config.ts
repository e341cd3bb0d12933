import { defineConfig } from 'vitest/config';

// Tests against programs that nobody here wrote and not every machine has, such as the AWS CLI.
export default defineConfig({
  test: { include: ['test/clients/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 60_000 },
});
