import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A folder in which a plugin of this folder is installed, as a package manager would leave it. */
export const installed = (folder: string, name: string): { readonly root: string; remove(): void } => {
  const root = mkdtempSync(join(tmpdir(), 'lpa-installed-'));
  const at = join(root, 'node_modules', ...name.split('/'));
  mkdirSync(join(at, '..'), { recursive: true });
  symlinkSync(fileURLToPath(new URL(folder, import.meta.url)), at, 'dir');
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
};
