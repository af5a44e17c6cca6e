import { defineConfig } from 'vitest/config';

const project = (name: string, include: string[], extra: object = {}) => ({ extends: true as const, test: { name, include, ...extra } });

export default defineConfig({
  ssr: { resolve: { conditions: ['@llm-proxy-auth/source'] } },
  test: {
    // By default one core is left alone; most files wait for sockets and clocks.
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What is waited for comes late on a busy machine; a second is the default.
    expect: { poll: { timeout: 15_000 } },
    setupFiles: ['tests/support/seed.ts'],
    reporters: ['default', './tests/support/cells/reporter.ts', './tests/support/failures-reporter.ts'],
    projects: [
      // Files take one process after the other, so that what they import is loaded once; `seed.ts` mends what one left behind.
      project('packages', ['packages/*/test/**/*.test.ts'], { isolate: false }),
      project('plugins', ['plugins/*/test/**/*.test.ts'], { isolate: false }),
      project('examples', ['examples/*/test/**/*.test.ts']),
      project('e2e', ['tests/**/*.test.ts']),
    ],
  },
});
