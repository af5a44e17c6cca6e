// Every test that needs no server from outside: vendor variables removed, so that nobody's account is ever used.
// Cases with PostgreSQL and Redis run when `scripts/services start` has started them.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const VENDOR = /^(OPENAI|ANTHROPIC|AZURE|AWS|GOOGLE|GEMINI|GCLOUD|CLOUDSDK|WATSONX|IBM|OCI)_|^(HTTPS?|ALL|NO)_PROXY$|^LLM_PROXY_AUTH_/i;
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !VENDOR.test(name)));
// Each file of tests and each gateway that one starts is a process of its own, and compiles the same libraries.
env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../node_modules/.compile-cache', import.meta.url));
const services = () => {
  try {
    return Object.keys(JSON.parse(readFileSync('data/services/services.json', 'utf8')));
  } catch {
    return [];
  }
};
const { status, error } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)], { env, stdio: 'inherit' });
if (error !== undefined) console.error(error.message);
if (services().length < 2) console.log('Cases that need PostgreSQL and Redis were skipped; this runs them: scripts/services start && npm test');
process.exit(status ?? 1);
