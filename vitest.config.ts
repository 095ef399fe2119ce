import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig, type ViteUserConfig } from 'vitest/config';

// Sources run unbuilt: packages resolve each other by this condition, in the tests and in the programs they start.
const condition = '@sendense/source';
const shared = {
  resolve: { conditions: [condition] },
  ssr: { resolve: { conditions: [condition] } },
} satisfies ViteUserConfig;

interface Suite {
  readonly name: string;
  readonly include: string[];
  readonly exclude?: string[];
  readonly timeoutMs: number;
  /** Suites that load the whole machine run one file at a time. */
  readonly maxWorkers?: number;
  readonly setupFiles?: string[];
}

/** By itself Vitest leaves a core to its main process, which mostly waits: of two that is half of the time. */
const everyCore = availableParallelism();

const suites: readonly Suite[] = [
  {
    name: 'unit',
    include: ['{packages/*,tests,examples,bench}/**/*.test.ts', 'tools/**/*.test.ts'],
    exclude: ['**/*.int.test.ts', '**/*.crash.test.ts', 'tests/{interop,crash,e2e,packed}/**'],
    timeoutMs: 20_000,
    maxWorkers: everyCore,
    // other suites have processes that die with their files open
    setupFiles: ['./tests/left-open-files.ts'],
  },
  {
    name: 'int',
    include: ['packages/*/{src,test}/**/*.int.test.ts', 'tests/interop/**/*.test.ts'],
    timeoutMs: 120_000,
    maxWorkers: everyCore,
  },
  {
    name: 'crash',
    include: ['tests/crash/**/*.test.ts', 'packages/*/test/**/*.crash.test.ts'],
    timeoutMs: 300_000,
    maxWorkers: everyCore,
  },
  { name: 'e2e', include: ['tests/e2e/**/*.test.ts'], timeoutMs: 300_000, maxWorkers: 1 },
  { name: 'packed', include: ['tests/packed/**/*.test.ts'], timeoutMs: 300_000, maxWorkers: 1 },
];

export default defineConfig({
  ...shared,
  test: {
    projects: suites.map(
      ({ name, include, exclude = [], setupFiles = [], timeoutMs, maxWorkers }, groupOrder) => ({
        ...shared,
        test: {
          name,
          include,
          exclude: [...configDefaults.exclude, '**/dist/**', ...exclude],
          environment: 'node' as const,
          setupFiles,
          pool: 'forks' as const,
          execArgv: [`--conditions=${condition}`, '--disable-warning=ExperimentalWarning'],
          testTimeout: timeoutMs,
          hookTimeout: timeoutMs,
          // One suite after the other, so that each one's time can be measured.
          sequence: { groupOrder },
          ...(maxWorkers === undefined ? {} : { maxWorkers }),
        },
      }),
    ),
    passWithNoTests: true,
    reporters: [
      process.env.CI === 'true' ? './tools/quiet-reporter.ts' : 'default',
      './tools/closing-line-reporter.ts',
    ],
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/index.ts'],
      reporter: ['text-summary', 'json-summary', 'lcov'],
      reportOnFailure: true,
      thresholds: { lines: 85 },
    },
  },
});
