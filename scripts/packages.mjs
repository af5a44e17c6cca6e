// The packages of the workspace that are published, with their manifests.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Folders below `packages`, `plugins` and, when asked for, `examples`. */
export const packages = (groups = ['packages', 'plugins']) =>
  groups.flatMap((group) =>
    readdirSync(join(root, group), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && existsSync(join(root, group, entry.name, 'package.json')))
      .map((entry) => {
        const folder = join(root, group, entry.name);
        return { group, folder, path: `${group}/${entry.name}`, manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) };
      }),
  );

/** What is built: the name in `dist` of each exported entry, and `main` where a binary starts there. */
export const entriesOf = ({ manifest, folder }) => {
  const entries = {};
  for (const target of Object.values(manifest.exports ?? {})) {
    if (typeof target === 'object' && target['@llm-proxy-auth/source']) entries[basename(target.default, '.js')] = target['@llm-proxy-auth/source'];
  }
  if (existsSync(join(folder, 'src/main.ts'))) entries.main = './src/main.ts';
  return entries;
};
