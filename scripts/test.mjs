// Every test that needs no server from outside: vendor variables removed, so that nobody's account is ever used.
import { spawnSync } from 'node:child_process';

const VENDOR = /^(OPENAI|ANTHROPIC|AZURE|AWS|GOOGLE|GEMINI|GCLOUD|CLOUDSDK|WATSONX|IBM|OCI)_|^(HTTPS?|ALL|NO)_PROXY$|^LLM_PROXY_AUTH_/i;
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !VENDOR.test(name)));
const { status, error } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)], { env, stdio: 'inherit' });
if (error !== undefined) console.error(error.message);
process.exit(status ?? 1);
