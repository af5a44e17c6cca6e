import { appendFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import type { Edit } from './mutants.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** What is changed in the run that is on; `mutant-runner.ts` says it, and where to tell what was changed. */
const changesOf = (id: string): readonly Edit[] => {
  const edits = JSON.parse(process.env.LPA_MUTANT ?? '[]') as readonly Edit[];
  return edits.filter(({ file }) => id.split('?', 1)[0] === root + file);
};

/** Tests of a gateway or plugin whose source is changed while it is loaded. */
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
        appendFileSync(process.env.LPA_MUTANT_SAID ?? '', mine.map(({ file }) => `mutated ${file}\n`).join(''));
        return { code: mine.reduce((text, { from, to }) => text.replace(from, () => to), code), map: null };
      },
    },
  ],
  test: {
    setupFiles: ['tests/support/mutant-setup.ts'],
    include: ['tests/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'plugins/*/test/**/*.test.ts'],
    exclude: ['tests/mutants.test.ts'],
  },
});
