// Loaded into every process that a test of a mutant starts: changes the source of the modules that the mutant names.
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const root = new URL('../..', import.meta.url).href;
const edits = JSON.parse(process.env.LPA_MUTANT ?? '[]');
registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    const mine = edits.filter(({ file }) => url === root + file);
    if (mine.length === 0) return loaded;
    if (process.env.LPA_MUTANT_SAID) appendFileSync(process.env.LPA_MUTANT_SAID, mine.map(({ file }) => `mutated ${file}\n`).join(''));
    return { ...loaded, source: mine.reduce((text, { from, to }) => text.replace(from, () => to), String(loaded.source)) };
  },
});
