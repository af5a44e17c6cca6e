import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { memoryStore, type Runner, recorder, storeRules, storeSuite } from '../src/index.ts';

const run = promisify(execFile);

describe('runner', () => {
  it('the recorder tells what passed, failed and was skipped, by rule', async () => {
    const runner = recorder();
    storeSuite(runner, { kind: 'acme', open: () => ({ ...memoryStore(), append: async () => undefined }) });
    const outcomes = await runner.run();
    expect(outcomes.map((outcome) => outcome.rule)).toEqual(storeRules.map((rule) => rule.id));
    expect(outcomes.filter(({ is }) => is === 'fail').map(({ rule }) => rule)).toEqual(['store.log-order', 'store.log-paging', 'store.concurrent-appends']);
    expect(outcomes.filter(({ is }) => is === 'skip')).toEqual([
      { suite: 'store acme', rule: 'store.reopen', is: 'skip', text: 'the store does not outlive the process' },
    ]);
  });
  it('vitest is a runner', () => {
    const runner: Runner = { describe, it };
    expect(typeof runner.it.skip).toBe('function');
  });
  it('node:test is a runner', async () => {
    const file = fileURLToPath(new URL('./fixtures/under-node-test.ts', import.meta.url));
    const { stdout } = await run(process.execPath, ['--conditions=@llm-proxy-auth/source', '--test-reporter=tap', file]);
    for (const { id } of storeRules) expect(stdout).toContain(` - ${id}: `);
    expect(stdout).toMatch(/^# fail 0$/m);
  });
});
