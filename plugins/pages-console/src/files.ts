import { readdirSync, readFileSync } from 'node:fs';
import type { Pages } from '@llm-proxy-auth/plugin';

/** Beside `src` as beside `dist`. */
const FOLDER = new URL('../page/', import.meta.url);

/** The files of the page as they lie in the package. */
export const readFiles = (): Pages['files'] => Object.fromEntries(readdirSync(FOLDER).map((name) => [name, readFileSync(new URL(name, FOLDER), 'utf8')]));
