import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import type { Edit } from './mutants.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const edits = JSON.parse(process.env.LPA_MUTANT ?? '[]') as readonly Edit[];
const changesOf = (id: string): readonly Edit[] => edits.filter(({ file }) => id.split('?', 1)[0] === root + file);

/** Tests of a gateway or plugin whose source is changed while it is loaded; says on stderr that it was. */
export default defineConfig({
  root,
  ssr: { resolve: { conditions: ['@llm-proxy-auth/source'] } },
  plugins: [
    {
      name: 'mutant',
      enforce: 'pre',
      // What changed is not kept, or it would be the source of another mutant.
      configureVitest({ defineCacheKeyGenerator }) {
        defineCacheKeyGenerator(({ id }) => (changesOf(id).length > 0 ? false : undefined));
      },
      transform(code, id) {
        const mine = changesOf(id);
        if (mine.length === 0) return undefined;
        process.stderr.write(mine.map(({ file }) => `mutated ${file}\n`).join(''));
        return { code: mine.reduce((text, { from, to }) => text.replace(from, () => to), code), map: null };
      },
    },
  ],
  test: {
    setupFiles: ['tests/support/mutant-setup.ts'],
    include: ['tests/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'plugins/*/test/**/*.test.ts'],
    exclude: ['tests/mutants.test.ts'],
    // Without a change every test must pass, however busy the machine; what a change makes wait for ever is not waited for.
    testTimeout: edits.length === 0 ? 60_000 : 20_000,
    hookTimeout: edits.length === 0 ? 60_000 : 20_000,
  },
});
