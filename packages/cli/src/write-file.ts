import { randomBytes } from 'node:crypto';
import { realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';

/** Writes a file that is not there yet, whole or not at all. Throws Node's error `EEXIST` for one that is. */
export const writeNew = (file: string, text: string, mode: number): void => writeFileSync(file, text, { mode, flag: 'wx' });
/** Replaces the text of a file, whole or not at all; its mode stays, and a link to it stays a link. */
export const rewrite = (file: string, text: string): void => {
  const target = realpathSync(file);
  const half = `${target}.${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(half, text, { mode: statSync(target).mode & 0o777, flag: 'wx' });
    renameSync(half, target);
  } catch (error) {
    rmSync(half, { force: true });
    throw error;
  }
};
