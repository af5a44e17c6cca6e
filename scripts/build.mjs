// Builds every published package with tsup: ES modules and their types, from the entries its manifest names. Paths of packages
// build those alone; --no-types leaves the types out, which is several times faster.
import { join } from 'node:path';
import { build } from 'tsup';
import { entriesOf, packages } from './packages.mjs';

const words = process.argv.slice(2);
const wanted = words.filter((word) => word !== '--no-types');
const types = !words.includes('--no-types');
for (const one of packages()) {
  if (wanted.length > 0 && !wanted.includes(one.path)) continue;
  const started = performance.now();
  process.chdir(one.folder);
  await build({
    // esbuild keeps the folder it was loaded in, so that relative entries would be sought there.
    entry: Object.fromEntries(Object.entries(entriesOf(one)).map(([name, path]) => [name, join(one.folder, path)])),
    format: 'esm',
    target: 'node22',
    platform: 'node',
    dts: types,
    clean: true,
    sourcemap: false,
    silent: true,
    config: false,
    outDir: join(one.folder, 'dist'),
    tsconfig: join(one.folder, 'tsconfig.json'),
  });
  console.log(`${one.path} ${Math.round(performance.now() - started)} ms`);
}
