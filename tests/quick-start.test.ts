import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Anthropic from '@anthropic-ai/sdk';
import { BedrockRuntimeClient, ConverseCommand } from '@aws-sdk/client-bedrock-runtime';
import { openaiSimulator } from '@llm-proxy-auth/simulators';
import OpenAI, { AzureOpenAI } from 'openai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clientOf } from '../packages/simulators/test/watsonx-support.ts';
import { sweepAll } from './support/canaries.ts';
import { freePort } from './support/effects/listeners.ts';
import { bareEnvironment, cpuSeconds, ROOT, type Running, run } from './support/process.ts';
import { logOf, watched } from './support/swept.ts';

/** CPU seconds in which a process of its own loads the compiler: how fast this machine is now. */
const compilerSeconds = (): number => {
  const words = "require('typescript'); const { user, system } = process.cpuUsage(); (user + system) / 1e6";
  return Number(spawnSync(process.execPath, ['-p', words], { cwd: ROOT, encoding: 'utf8' }).stdout);
};
let place: string;
/** Of the test's own, where a gateway keeps what it keeps. */
let folder: string;
let port: number;
const running: Running[] = [];
beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'lpa-quick-'));
  folder = join(place, 'kept');
  mkdirSync(folder);
  port = await freePort();
});
afterEach(async () => {
  const all = running.splice(0);
  for (const { child, ended } of all) {
    child.kill('SIGKILL');
    await ended;
  }
  try {
    // The key stands in what it says to people.
    sweepAll({ log: all.map(logOf).join('\n'), folder: place });
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});

/** `npm start -- …` as the package file has it, with key and store in a folder of the test. */
const start = (args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Running => {
  const words = ['scripts/run.mjs', 'start', ...args, '--data', folder];
  const it = run(words, watched(place, { PORT: String(port), LLM_PROXY_AUTH_INSTALLED: '1', ...env }));
  running.push(it);
  return it;
};
const started = async (args?: readonly string[], env?: Readonly<Record<string, string>>): Promise<Running> => {
  const it = start(args, env);
  await it.says(/Ctrl-C stops it/);
  return it;
};
const keyOf = (it: Running): string => /API key: +(lpa_\w+)/.exec(it.out())?.[1] ?? '';
/** The lines that were printed under a heading. */
const printed = (it: Running, heading: string): string => {
  const [, text = ''] = it.out().split(`${heading}\n`);
  return text.split('\n\n', 1)[0] ?? '';
};
/** Runs the snippet as a module in this workspace; what it wrote. */
const asModule = async (source: string): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', source], { cwd: ROOT, env: bareEnvironment() });
  return stdout.trim();
};
const hasCurl = spawnSync('curl', ['--version']).status === 0;

describe('npm start', () => {
  test('serves on the port of PORT, and every provider is a simulator', async () => {
    const it = await started();
    expect(it.out()).toContain(`LLM Proxy Auth serves on http://127.0.0.1:${port}`);
    expect(it.out()).toMatch(
      /providers: openai \(simulated\), anthropic \(simulated\), azure \(simulated\), bedrock \(simulated\), vertex \(simulated\), watsonx \(simulated\), oci \(simulated\)/,
    );
    expect(it.out()).toMatch(/ oci \(simulated\)/);
    const listening = it
      .out()
      .split('\n')
      .filter((line) => line.includes('"msg":"listening"'));
    expect(listening.map((line) => new URL((JSON.parse(line) as { url: string }).url).port)).toContain(String(port));
  });
  test.skipIf(!hasCurl)('the printed curl works as printed', async () => {
    const it = await started();
    const { stdout } = await promisify(execFile)('sh', ['-c', `${printed(it, 'Try it:')} -sS`], { env: bareEnvironment() });
    expect((JSON.parse(stdout) as { choices: { message: { content: string } }[] }).choices[0]?.message.content).toBe('You said: Hello');
  });
  test('the printed SDK snippet works as printed', async () => {
    const it = await started();
    expect(await asModule(printed(it, 'With the OpenAI SDK:'))).toBe('You said: Hello');
  });
  test('an Anthropic SDK gets its answers below /anthropic, by instance and by the name of a model', async () => {
    const it = await started();
    for (const base of ['anthropic/anthropic', 'anthropic']) {
      const client = new Anthropic({ baseURL: `http://127.0.0.1:${port}/${base}`, apiKey: keyOf(it), maxRetries: 0 });
      const answer = await client.messages.create({ model: 'claude-sonnet-4-6', max_tokens: 50, messages: [{ role: 'user', content: 'Hello' }] });
      expect(answer.content).toMatchObject([{ type: 'text', text: 'You said: Hello' }]);
    }
  });
  test('AzureOpenAI gets its answers from the native API, and OpenAI clients by instance and by the name of a model', async () => {
    const it = await started([], { AZURE_OPENAI_API_KEY: 'real', AZURE_OPENAI_ENDPOINT: 'https://real.openai.azure.com' });
    expect(it.out()).toMatch(/found, not used: .*AZURE_OPENAI_API_KEY/);
    const asked = { model: 'gpt-4.1-mini', messages: [{ role: 'user' as const, content: 'Hello' }] };
    const options = { apiKey: keyOf(it), maxRetries: 0 };
    const azure = new AzureOpenAI({ ...options, endpoint: `http://127.0.0.1:${port}/transparent/azure`, apiVersion: '2024-10-21' });
    const clients = ['openai/azure/v1', 'v1'].map((base) => new OpenAI({ ...options, baseURL: `http://127.0.0.1:${port}/${base}` }));
    for (const client of [azure, ...clients]) expect((await client.chat.completions.create(asked)).choices[0]?.message.content).toBe('You said: Hello');
  });
  test('an AWS SDK gets its answers below /converse and from the native API, whatever account the environment describes', async () => {
    const it = await started([], { AWS_ACCESS_KEY_ID: 'AKIAREAL', AWS_SECRET_ACCESS_KEY: 'real', AWS_REGION: 'eu-west-1' });
    expect(it.out()).toMatch(/found, not used: .*AWS_ACCESS_KEY_ID/);
    for (const base of ['converse/bedrock', 'converse', 'transparent/bedrock']) {
      const client = new BedrockRuntimeClient({
        region: 'us-east-1',
        endpoint: `http://127.0.0.1:${port}/${base}`,
        token: { token: keyOf(it) },
        authSchemePreference: ['httpBearerAuth'],
        maxAttempts: 1,
      });
      const messages = [{ role: 'user' as const, content: [{ text: 'Hello' }] }];
      const answer = await client.send(new ConverseCommand({ modelId: 'amazon.nova-lite-v1:0', messages }));
      expect(answer.output?.message?.content).toEqual([{ text: 'You said: Hello' }]);
      client.destroy();
    }
  });
  test('IBM’s SDK gets its answers from the native API, and OpenAI clients by the name of a model, whatever account the environment describes', async () => {
    const it = await started([], { WATSONX_AI_APIKEY: 'real', WATSONX_PROJECT_ID: 'real', WATSONX_AI_URL: 'https://us-south.ml.cloud.ibm.com' });
    expect(it.out()).toMatch(/found, not used: .*WATSONX_AI_APIKEY/);
    const messages = [{ role: 'user' as const, content: 'Hello' }];
    const modelId = 'ibm/granite-3-3-8b-instruct';
    const client = clientOf(`http://127.0.0.1:${port}/transparent/watsonx`, keyOf(it));
    expect((await client.textChat({ modelId, projectId: 'quick-start', messages })).result.choices[0]?.message?.content).toBe('You said: Hello');
    const openai = new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: keyOf(it), maxRetries: 0 });
    expect((await openai.chat.completions.create({ model: modelId, messages })).choices[0]?.message.content).toBe('You said: Hello');
  });
  test('key, pepper and store are for their owner alone', async () => {
    const it = await started();
    expect(
      readdirSync(folder)
        .filter((name) => !/-(wal|shm)$/.test(name))
        .sort(),
    ).toEqual(['key', 'pepper', 'store.db']);
    const modes = readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mode & 0o777]);
    expect(modes).toEqual(modes.map(([name]) => [name, 0o600]));
    expect(readFileSync(join(folder, 'key'), 'utf8')).toBe(keyOf(it));
    expect(readFileSync(join(folder, 'store.db')).includes(keyOf(it).slice(17))).toBe(false);
  });
  test('without --data key and store are kept in data/quick-start of where it runs', async () => {
    const words = ['--conditions=@llm-proxy-auth/source', join(ROOT, 'packages/cli/src/main.ts'), 'quick-start'];
    const it = run(words, watched(place, { PORT: String(port) }), folder);
    running.push(it);
    await it.says(/Ctrl-C stops it/);
    const kept = join(folder, 'data', 'quick-start');
    expect(readdirSync(folder)).toEqual(['data']);
    expect(['key', 'pepper', 'store.db'].map((name) => statSync(join(kept, name)).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
    expect(statSync(kept).mode & 0o777).toBe(0o700);
  });
  test('a second start has the same key, which still works, and serves soon', async () => {
    const first = await started();
    first.kill('SIGINT');
    expect(await first.ended).toBe(0);
    const began = performance.now();
    const second = start();
    await second.says(/"msg":"listening"/);
    // Under 2 s on a machine of its own, which is mostly its own work; what other work of a test machine adds is no fault of it, nor
    // is a slower one: there it may take as much longer as the compiler takes to load, 0.23 s where this was measured.
    const spent = cpuSeconds(second.child.pid ?? 0) ?? 0;
    expect(spent).toBeLessThan(3.5 * Math.max(1, compilerSeconds() / 0.23));
    expect(performance.now() - began).toBeLessThan(30_000);
    await second.says(/Ctrl-C stops it/);
    expect(keyOf(second)).toBe(keyOf(first));
    expect(await asModule(printed(second, 'With the OpenAI SDK:'))).toBe('You said: Hello');
  });
  test.each(['pepper', 'store.db', 'key'])('without %s of the last start it makes a key that works', async (lost) => {
    const first = await started();
    first.kill('SIGINT');
    await first.ended;
    for (const name of readdirSync(folder)) if (name.startsWith(lost)) rmSync(join(folder, name));
    const second = await started();
    expect(keyOf(second)).not.toBe(keyOf(first));
    expect(await asModule(printed(second, 'With the OpenAI SDK:'))).toBe('You said: Hello');
  });
  test('credentials that are found are named, not used and not shown', async () => {
    const secret = 'sk-real-account-0123456789';
    const it = await started([], { OPENAI_API_KEY: secret, OPENAI_BASE_URL: 'https://api.example.com/v1', OPENAI_ORG_ID: 'org-real' });
    expect(it.out()).toMatch(/credentials found, not used: OPENAI_API_KEY/);
    expect(await asModule(printed(it, 'With the OpenAI SDK:'))).toBe('You said: Hello');
    expect(it.out() + it.err()).not.toContain(secret);
  });
  test('SIGINT ends it with 0; a second one within a second is the same one', async () => {
    const it = await started();
    it.kill('SIGINT');
    it.kill('SIGINT');
    expect(await it.ended).toBe(0);
  });
  test('a port that is taken is said with the way out, exit code 1', async () => {
    await started();
    const second = start();
    expect(await second.ended).toBe(1);
    expect(second.err()).toContain(String(port));
    expect(second.err()).toMatch(/in use.*PORT/s);
    expect(second.err()).not.toMatch(/at .*\.ts:\d/);
  });
});

describe('the words of npm start', () => {
  test.each([['live'], ['--live', 'openai', 'bedrock']])('a bare argument is a usage error, exit code 2', async (...words) => {
    const it = start(words);
    expect([await it.ended, it.out()]).toEqual([2, '']);
    expect(it.err()).toContain('npm start -- --live');
  });
  test.each([['--live', 'nobody'], ['--unknown'], ['--live']])('what is not known is a usage error, exit code 2', async (...words) => {
    const it = run(['scripts/run.mjs', 'start', ...words], bareEnvironment({ PORT: String(port), LLM_PROXY_AUTH_INSTALLED: '1' }), ROOT);
    expect([await it.ended, it.out()]).toEqual([2, '']);
  });
});

describe('npm start -- --live openai', () => {
  test('uses the account that the environment describes', async () => {
    const real = await openaiSimulator({ keys: ['sk-real-account-0123456789'] });
    try {
      const env = { OPENAI_API_KEY: 'sk-real-account-0123456789', OPENAI_BASE_URL: real.url, OPENAI_ORG_ID: 'org-real' };
      const it = await started(['--live', 'openai'], env);
      expect(it.out()).toMatch(/providers: openai \(live\)/);
      expect(it.out()).not.toContain('not used');
      expect(await asModule(printed(it, 'With the OpenAI SDK:'))).toBe('You said: Hello');
      expect(real.requests.map((r) => [r.path, r.header('authorization'), r.header('openai-organization')])).toEqual([
        ['/v1/chat/completions', `Bearer ${env.OPENAI_API_KEY}`, 'org-real'],
      ]);
    } finally {
      await real.close();
    }
  });
  test('without a credential stops with exit code 78 and names the variable', async () => {
    const it = start(['--live', 'openai']);
    expect(await it.ended).toBe(78);
    expect(it.err()).toContain('OPENAI_API_KEY');
  });
  test('never sends a credential in the clear beyond this machine', async () => {
    const it = start(['--live', 'openai'], { OPENAI_API_KEY: 'sk-real-account-0123456789', OPENAI_BASE_URL: 'http://api.example.com/v1' });
    expect(await it.ended).toBe(78);
    expect(it.err()).toContain('insecureUpstream');
  });
});

describe('the first start', () => {
  /** A workspace whose npm, pnpm and command line only write down that they were called. */
  const workspace = (npm = '') => {
    const tools = join(folder, 'scripts/tools');
    const calls = join(folder, 'calls');
    const bin = join(folder, 'bin');
    for (const dir of [tools, bin, join(folder, 'node_modules'), join(folder, 'packages/cli/src')]) spawnSync('mkdir', ['-p', dir]);
    writeFileSync(join(folder, 'scripts/run.mjs'), readFileSync(join(ROOT, 'scripts/run.mjs')));
    for (const file of ['scripts/tools/package-lock.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml']) writeFileSync(join(folder, file), 'one');
    writeFileSync(join(folder, 'packages/cli/src/main.ts'), `console.log('started ' + process.argv.slice(2).join(' '));`);
    writeFileSync(join(folder, 'pnpm.cjs'), `require('fs').appendFileSync(${JSON.stringify(calls)}, 'pnpm\\n');`);
    const pnpm = 'mkdir -p node_modules/pnpm/bin && cp ../../pnpm.cjs node_modules/pnpm/bin/pnpm.cjs';
    writeFileSync(join(bin, 'npm'), `#!/bin/sh\necho npm "$1" >> ${calls}\n${npm}\n${pnpm}\n`, { mode: 0o755 });
    return {
      run: () => {
        const it = run([join(folder, 'scripts/run.mjs'), 'start'], bareEnvironment({ PATH: `${bin}:${process.env.PATH ?? ''}` }), folder);
        running.push(it);
        return it;
      },
      calls: () => readFileSync(calls, 'utf8').trim().split('\n'),
      lock: join(tools, '.lock'),
    };
  };
  test('installs tools, then packages; the next one installs nothing; a new lock file does again', async () => {
    const { run: again, calls } = workspace();
    const first = again();
    expect([await first.ended, first.out()]).toEqual([0, 'started quick-start\n']);
    expect(calls()).toEqual(['npm ci', 'pnpm']);
    expect(await again().ended).toBe(0);
    expect(calls()).toEqual(['npm ci', 'pnpm']);
    writeFileSync(join(folder, 'pnpm-lock.yaml'), 'two');
    expect(await again().ended).toBe(0);
    expect(calls()).toEqual(['npm ci', 'pnpm', 'pnpm']);
  });
  test('two at once install once', async () => {
    const { run: again, calls } = workspace('sleep 1');
    const both = [again(), again()];
    expect(await Promise.all(both.map((it) => it.ended))).toEqual([0, 0]);
    expect(calls()).toEqual(['npm ci', 'pnpm']);
  });
  test('an installation that fails is exit code 1 and holds up no later start', async () => {
    const { run: again, lock } = workspace('exit 7');
    const it = again();
    expect([await it.ended, it.out()]).toEqual([1, '']);
    expect(it.err()).toContain('exit code 7');
    expect(() => statSync(lock)).toThrow();
  });
  test('a lock whose holder has died is nobody’s', async () => {
    const { run: again, lock } = workspace();
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    writeFileSync(lock, String(dead));
    expect(await again().ended).toBe(0);
  });
});
