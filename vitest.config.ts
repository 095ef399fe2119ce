import { defineConfig } from 'vitest/config';

const shared = { resolve: { conditions: ['@sendense/source'] }, ssr: { resolve: { conditions: ['@sendense/source'] } } };

export default defineConfig({
  ...shared,
  test: {
    projects: [
      {
        ...shared,
        test: { name: 'unit', include: ['packages/*/test/**/*.test.ts'], exclude: ['**/*.int.test.ts'], environment: 'node' },
      },
      {
        ...shared,
        test: { name: 'int', include: ['packages/*/test/**/*.int.test.ts'], testTimeout: 60_000, pool: 'forks', maxWorkers: 1 },
      },
    ],
    reporters: ['default', './tools/closing-line-reporter.ts'],
    coverage: {
      provider: 'v8', include: ['packages/*/src/**'], reporter: ['text-summary', 'json-summary', 'lcov'],
      thresholds: { lines: 50 },
    },
  },
});

