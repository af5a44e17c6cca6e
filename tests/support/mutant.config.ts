import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import type { Edit } from './mutants.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const edits = JSON.parse(process.env.LPA_MUTANT ?? '[]') as readonly Edit[];

/** Tests of a gateway or plugin whose source is changed while it is loaded; says on stderr that it was. */
export default defineConfig({
  root,
  ssr: { resolve: { conditions: ['@llm-proxy-auth/source'] } },
  plugins: [
    {
      name: 'mutant',
      enforce: 'pre',
      transform(code, id) {
        const mine = edits.filter(({ file }) => id.split('?', 1)[0] === root + file);
        if (mine.length === 0) return undefined;
        process.stderr.write(mine.map(({ file }) => `mutated ${file}\n`).join(''));
        return { code: mine.reduce((text, { from, to }) => text.replace(from, () => to), code), map: null };
      },
    },
  ],
  // What is kept between runs would be the source of another mutant.
  test: {
    fsModuleCache: false,
    include: ['tests/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'plugins/*/test/**/*.test.ts'],
    exclude: ['tests/mutants.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
