import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from 'llm-proxy-auth';
import { afterAll, describe, expect, it } from 'vitest';

const data = mkdtempSync(join(tmpdir(), 'lpa-deploy-'));
afterAll(() => rmSync(data, { recursive: true, force: true }));

const check = async (env: Readonly<Record<string, string>>, ...words: readonly string[]): Promise<{ readonly code: number; readonly out: string }> => {
  let out = '';
  const write = (text: string): void => {
    out += text;
  };
  const terminal = {
    env: { DATA_DIR: data, ...env },
    stdout: { write },
    stderr: { write },
    cwd: () => process.cwd(),
    on: () => undefined,
    off: () => undefined,
  };
  return { code: await run(['check', '--config', 'deploy/llm-proxy-auth.yaml', ...words], terminal), out };
};
const SECRETS = { KEY_PEPPER: 'p'.repeat(64), OPENAI_API_KEY: 'sk-canary-0123456789abcdef' };

describe('the configuration to deploy', () => {
  it('is valid once its secrets are there, and shows none of them', async () => {
    expect((await check(SECRETS)).code).toBe(0);
    const { code, out } = await check(SECRETS, '--print');
    expect(code).toBe(0);
    expect(out).toContain('${OPENAI_API_KEY}');
    for (const secret of Object.values(SECRETS)) expect(out).not.toContain(secret);
  });
  it('names every secret that is missing, all at once', async () => {
    const { code, out } = await check({});
    expect(code).toBe(78);
    expect(out).toContain('KEY_PEPPER');
    expect(out).toContain('OPENAI_API_KEY');
  });
  it('gives the gateway longer to stop than its drain takes', () => {
    const unit = readFileSync('deploy/llm-proxy-auth.service', 'utf8');
    expect(Number(/TimeoutStopSec=(\d+)/.exec(unit)?.[1])).toBeGreaterThan(305);
    expect(unit).toContain('RestartPreventExitStatus=78');
  });
});
