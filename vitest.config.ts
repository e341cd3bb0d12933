import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

// The longest of the integrity suite, hours more. It sweeps all points of the one sweep of which the integrity suite takes a sample.
const sampled = 'test/integrity/crash-sweep-after.test.ts';
const endurance = [
  ...['abandoned', 'before', 'hours', 'killed', 'late', 'lost-answer', 'outlived'].map(
    (sweep) => `test/integrity/crash-sweep-${sweep}.test.ts`,
  ),
  ...['endured', 'surfaced', 'surfaced-first-start', 'visibility'].map((faults) => `test/integrity/fault-matrix-${faults}.test.ts`),
  'test/integrity/month.test.ts',
  'test/integrity/reconcile-many.test.ts',
  'test/integrity/rename-dies.test.ts',
  'test/integrity/transfer-dies.test.ts',
];
// It walks through every document that a state machine may pass on, which takes a minute.
const walked = 'test/infra/document.test.ts';

export default defineConfig({
  // As the bundles have them.
  plugins: [{ name: 'text', transform: (text, id) => (id.endsWith('.sh') ? `export default ${JSON.stringify(text)};` : undefined) }],
  test: {
    projects: [
      project('unit', {
        include: ['test/**/*.test.ts', 'local/test/**/*.test.ts'],
        exclude: [
          ...['bad-input', 'clients', 'commands', 'integrity', 'package', 'programs', 'workflows'].map((suite) => `test/${suite}/**`),
          walked,
        ],
      }),
      // Whole operations: state machines, functions and the CLI.
      project('workflows', { include: ['test/workflows/**/*.test.ts'] }),
      // Crashes, faults and races, one after another for minutes.
      project('integrity', {
        include: ['test/integrity/**/*.test.ts'],
        exclude: endurance,
        env: { RECODE_SWEEP_EVERY: '5' },
        testTimeout: 1_800_000,
      }),
      project('endurance', { include: [...endurance, sampled], testTimeout: 3_600_000 }),
      // Packages everything again, or reads all of the package.
      project('package', { include: ['test/package/**/*.test.ts', walked], testTimeout: 180_000, hookTimeout: 180_000 }),
      // Wrong arguments, settings, files and machines, each shown to the CLI as a process.
      project('bad-input', { include: ['test/bad-input/**/*.test.ts'] }),
      // Commands that watch, steer and use environments, against whole operations.
      project('commands', { include: ['test/commands/**/*.test.ts'] }),
      // With the programs that people use in and around an environment: git, scp, rsync, editors, shells.
      project('programs', { include: ['test/programs/**/*.test.ts'], testTimeout: 120_000 }),
      // Against programs of others that not every machine has, such as the AWS CLI.
      project('clients', { include: ['test/clients/**/*.test.ts'], testTimeout: 120_000 }),
    ],
    // Most tests wait for processes of their own more than they compute.
    maxWorkers: 3,
    // The patterns match at any depth: also test/functions.
    coverage: { provider: 'v8', include: ['core/**', 'aws/**', 'functions/**'], exclude: ['test/**', 'local/**'] },
  },
});

function project(name: string, { env, ...test }: NonNullable<TestProjectInlineConfiguration['test']>): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name,
      env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', ...env },
      // Loading the SDK again for each file would take longer than most tests do: a test restores what it changes of the process.
      isolate: false,
      // What is shared between files ends with the worker.
      environment: './test/harness/worker-end.ts',
      testTimeout: 60_000,
      hookTimeout: 60_000,
      ...test,
    },
  };
}
