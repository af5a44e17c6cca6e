import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PluginFacts } from '@llm-proxy-auth/contract-tests';

const folder = mkdtempSync(join(tmpdir(), 'store-sqlite-contract-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
let files = 0;

export const facts: PluginFacts = {
  stores: {
    sqlite: {
      config: () => {
        files += 1;
        return { path: join(folder, `${files}.db`) };
      },
      outlives: true,
    },
  },
};
