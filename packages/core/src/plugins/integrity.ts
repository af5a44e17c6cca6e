import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const filesOf = (folder: string, below: string): readonly string[] =>
  readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (path === 'node_modules') return [];
    if (entry.isDirectory()) return filesOf(folder, path);
    // What a link points to can change without the package changing.
    if (!entry.isFile()) throw new Error(`${path} is not a plain file`);
    return [path];
  });

/**
 * `sha512-<base64>` over the sorted lines `<sha512 hex of file> <path>\n` of a package folder, without its node_modules.
 * Throws an Error when the folder holds anything but plain files and folders.
 */
export const packageIntegrity = (folder: string): string => {
  const lines = filesOf(folder, '').map(
    (path) =>
      `${createHash('sha512')
        .update(readFileSync(join(folder, path)))
        .digest('hex')} ${path}\n`,
  );
  return `sha512-${createHash('sha512').update(lines.toSorted().join('')).digest('base64')}`;
};
