/**
 * What can be measured. Each target: cmd/args/env to start it, `ready` (a path polled until it answers), and per API
 * ("openai", "anthropic", "bedrock": the upstream's API behind an OpenAI client) the path and headers to send.
 * A gateway of one's own is added by --target-file FILE (an ES module with the same default export), or, when it already
 * runs, by --url NAME=http://host:port/path --header 'k: v' --pid NAME=PID.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ENGINE } from '../engine.mjs';
const HERE = path.dirname(new URL(import.meta.url).pathname);
const NODE = process.execPath;
const ROOT = path.join(HERE, '..', '..');
/** The gateway's own key; any 128 bits do. */
const KEY = 'b'.repeat(16) + '0123456789abcdef'.repeat(3);
const AUTH = { authorization: 'Bearer gw-test-key' };
const bare = (file, env = {}) => ({ cmd: NODE, args: [path.join(HERE, 'proxies', file)], env, apis: { openai: { path: '/v1/chat/completions', headers: AUTH } } });
const nginx = (buffering) => ({
  apis: { openai: { path: '/v1/chat/completions', headers: AUTH } },
  prepare(port, upstream) {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-nginx-'));
    const conf = fs.readFileSync(path.join(HERE, 'nginx.conf.tpl'), 'utf8').replaceAll('__DIR__', dir).replaceAll('__PORT__', port)
      .replaceAll('__UPSTREAM__', new URL(upstream).host).replaceAll('__BUFFERING__', buffering);
    fs.writeFileSync(path.join(dir, 'nginx.conf'), conf);
    return { cmd: 'nginx', args: ['-c', path.join(dir, 'nginx.conf'), '-p', dir] };
  },
});
/** Folder with `@portkey-ai/gateway` installed; see docs/reference/performance.md. */
const PORTKEY = process.env.PORTKEY_DIR ?? path.join(HERE, '..', '.portkey');
const portkeyHeaders = (provider, upstream, extra) => ({ ...AUTH, 'x-portkey-provider': provider, 'x-portkey-custom-host': upstream, ...extra });
export default {
  direct: { direct: true, apis: { openai: { path: '/v1/chat/completions', headers: AUTH } } },
  nginx: nginx('off'),
  'http-dispatch': bare('http-dispatch.mjs', { BODY: 'buffer' }),
  // What it passes is the vendor's own stream, whatever was asked.
  'http-dispatch-vendors': {
    ...bare('http-dispatch.mjs', { BODY: 'buffer' }),
    apis: {
      anthropic: { path: '/v1/messages', headers: AUTH },
      bedrock: { path: '/model/mock-c200-i0-w1-s600/converse-stream', headers: AUTH },
    },
  },
  'http-dispatch-streambody': bare('http-dispatch.mjs', { BODY: 'stream' }),
  'http-dispatch-batch': bare('http-dispatch.mjs', { BODY: 'buffer', BATCH: '1' }),
  gateway: {
    cmd: NODE, args: [...ENGINE, '--conditions=@llm-proxy-auth/source', path.join(ROOT, 'packages/cli/src/main.ts'), 'start', '--config', path.join(ROOT, 'bench/gateway.yaml')],
    env: { BENCH_KEY: KEY }, cwd: ROOT, bootMs: 1500,
    apis: { openai: { path: '/openai/mock/v1/chat/completions', headers: { authorization: `Bearer ${KEY}` } } },
  },
  'gateway-transparent': {
    cmd: NODE, args: [...ENGINE, '--conditions=@llm-proxy-auth/source', path.join(ROOT, 'packages/cli/src/main.ts'), 'start', '--config', path.join(ROOT, 'bench/gateway.yaml')],
    env: { BENCH_KEY: KEY }, cwd: ROOT, bootMs: 1500,
    apis: { openai: { path: '/transparent/mock/v1/chat/completions', headers: { authorization: `Bearer ${KEY}` } } },
  },
  'gateway-translating': {
    cmd: NODE, args: [...ENGINE, '--conditions=@llm-proxy-auth/source', path.join(ROOT, 'packages/cli/src/main.ts'), 'start', '--config', path.join(ROOT, 'bench/translating.yaml')],
    env: { BENCH_KEY: KEY }, cwd: ROOT, bootMs: 2500,
    apis: {
      anthropic: { path: '/openai/claude/v1/chat/completions', headers: { authorization: `Bearer ${KEY}` } },
      bedrock: { path: '/openai/bedrock/v1/chat/completions', headers: { authorization: `Bearer ${KEY}` } },
    },
  },
  portkey: {
    cmd: NODE, cwd: PORTKEY,
    prepare: (port) => ({ args: ['node_modules/@portkey-ai/gateway/build/start-server.js', `--port=${port}`, '--headless'] }),
    env: { NODE_ENV: 'production' }, bootMs: 4000,
    apis: {
      openai: { path: '/v1/chat/completions', headers: (u) => portkeyHeaders('openai', `${u}/v1`) },
      anthropic: { path: '/v1/chat/completions', headers: (u) => portkeyHeaders('anthropic', `${u}/v1`, { 'x-api-key': 'x' }) },
      bedrock: {
        path: '/v1/chat/completions',
        headers: (u) =>
          portkeyHeaders('bedrock', u, { 'x-portkey-aws-access-key-id': 'AKIDEXAMPLE', 'x-portkey-aws-secret-access-key': 'secret', 'x-portkey-aws-region': 'us-east-1' }),
      },
    },
  },
};
