/** What the command tells the engine, as its first line says: whatever is measured is started with the same. */
import fs from 'node:fs';
import path from 'node:path';

const COMMAND = path.join(import.meta.dirname, '..', 'packages', 'cli', 'bin', 'llm-proxy-auth.js');
export const ENGINE = Object.freeze(
  fs
    .readFileSync(COMMAND, 'utf8')
    .split('\n', 1)[0]
    .split(' ')
    .filter((word) => word.startsWith('--')),
);
