import { defineConfig } from 'vitest/config';
import { nodeFlags } from './test/node-flags.ts';
import LongestFirst from './test/order.ts';

export default defineConfig({
  test: {
    testTimeout: 90_000, // ends what hangs: a busy machine may be slow
    hookTimeout: 180_000,
    expect: { poll: { timeout: 20_000 } }, // what is waited for comes late on a busy machine; a second says nothing
    pool: 'forks',
    execArgv: nodeFlags,
    maxWorkers: 3, // of two processors: many tests wait for a time to pass
    sequence: { sequencer: LongestFirst },
    setupFiles: ['./test/coverage-children.ts'],
    projects: [
      { extends: true, test: { name: 'unit', include: ['src/**/*.test.ts', 'scripts/**/*.test.ts'] } },
      { extends: true, test: { name: 'architecture', include: ['test/architecture/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/**/*.test.ts'],
          exclude: ['test/{architecture,adversarial,conformance,chaos}/**'],
        },
      },
      { extends: true, test: { name: 'adversarial', include: ['test/adversarial/**/*.test.ts'] } },
      { extends: true, test: { name: 'conformance', include: ['test/conformance/**/*.test.ts'] } },
      { extends: true, test: { name: 'chaos', include: ['test/chaos/**/*.test.ts'] } },
    ],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/**/*.test.ts', 'src/**/types.ts'],
      reporter: ['json'],
      reportOnFailure: true,
    },
  },
});
