import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canariesOf, sweepAll } from './support/canaries.ts';
import { VENDORS } from './support/gateway.ts';
import { LIBRARY_ACCESS } from './support/library-access.ts';
import { type LockedRegistry, lockedRegistry } from './support/locked-registry.ts';
import { install, pack, type Tarballs, treeOf } from './support/packed.ts';
import { run } from './support/process.ts';
import { logOf, watched } from './support/swept.ts';

/** What a provider's own SDKs are called; nobody else may bring them. */
const CLOUDS: Readonly<Record<string, RegExp>> = Object.freeze({
  bedrock: /^@aws-sdk\/|^@smithy\/|^aws-/,
  azure: /^@azure\//,
  vertex: /^google-auth-library$|^gaxios$|^gcp-metadata$|^@google/,
  watsonx: /^ibm-cloud-sdk-core$|^@ibm-/,
  oci: /^oci-/,
  openai: /^openai$/,
  anthropic: /^@anthropic-ai\//,
});
const COMMON = ['llm-proxy-auth', '@llm-proxy-auth/plugin', '@llm-proxy-auth/dialect-openai', '@llm-proxy-auth/auth-api-key', '@llm-proxy-auth/store-sqlite'];
const MODELS = Object.freeze({
  openai: 'gpt-4o-mini',
  anthropic: 'claude-sonnet-4-6',
  azure: 'gpt-4.1-mini',
  bedrock: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
  vertex: 'gemini-2.5-flash',
  watsonx: 'ibm/granite-3-3-8b-instruct',
  oci: 'meta.llama-3.3-70b-instruct',
});
type Vendor = keyof typeof MODELS;
const vendors = Object.keys(MODELS) as readonly Vendor[];
/** What these speak needs no SDK: a key in a header. */
const OWN_CLIENTS: ReadonlySet<string> = new Set(['openai', 'anthropic']);
const KEY = '0123456789abcdef0123456789abcdef0123456789abcdef';

/** Status and text of one answer. */
const said = async (base: string, vendor: Vendor): Promise<readonly unknown[]> => {
  const answer = await fetch(`${base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: MODELS[vendor], messages: [{ role: 'user', content: 'Hello' }] }),
  });
  const { choices } = (await answer.json()) as { readonly choices?: readonly { readonly message: { readonly content: string } }[] };
  return [answer.status, choices?.[0]?.message.content];
};

let tarballs: Tarballs;
let registry: LockedRegistry;
beforeAll(async () => {
  registry = await lockedRegistry();
  tarballs = await pack([...COMMON, ...vendors.flatMap((vendor) => VENDORS[vendor].plugins)]);
}, 600_000);
afterAll(() => {
  tarballs?.remove();
  registry?.close();
});

describe.each(vendors)('a gateway with %s alone, installed from its tarballs into an empty folder (A123)', (vendor) => {
  const names = [...new Set([...COMMON, ...VENDORS[vendor].plugins])];
  test("brings no SDK of another cloud, and serves, with what only the vendor's library can use too", { timeout: 300_000 }, async () => {
    const { folder, remove } = await install(tarballs, names, registry);
    const simulator = await VENDORS[vendor].simulate();
    const library = await LIBRARY_ACCESS[vendor]?.();
    try {
      const tree = treeOf(folder);
      expect(tree).toContain('fastify');
      expect(tree.some((name) => CLOUDS[vendor]?.test(name))).toBe(!OWN_CLIENTS.has(vendor));
      expect(tree.filter((name) => Object.entries(CLOUDS).some(([cloud, sdk]) => cloud !== vendor && sdk.test(name)))).toEqual([]);
      const at = (url: string): object => ({ provider: vendor, [vendor === 'azure' ? 'endpoint' : 'baseUrl']: url, insecureUpstream: true });
      const config = {
        plugins: names.filter((name) => !/^llm-proxy-auth$|\/plugin$/.test(name)),
        server: { port: 0 },
        ops: { port: 0 },
        limits: { eventLoopDelay: '60s' },
        store: { use: 'sqlite', path: ':memory:' },
        auth: [{ use: 'api-key', pepper: KEY, keys: [{ name: 'one', key: KEY }] }],
        instances: {
          main: { ...at(simulator.url), ...VENDORS[vendor].access },
          ...(library === undefined ? {} : { library: { ...at(library.url), ...library.access } }),
        },
        policies: [{ match: { principal: 'key:*' }, allow: { modes: ['protocol'] } }],
      };
      writeFileSync(join(folder, 'llm-proxy-auth.yaml'), JSON.stringify(config), { mode: 0o600 });
      const gateway = run(['node_modules/llm-proxy-auth/bin/llm-proxy-auth.js', 'start'], watched(folder, library?.env), folder);
      const [, url = ''] = await gateway.says(/"msg":"listening","listener":"server","url":"([^"]+)"/);
      for (const instance of Object.keys(config.instances))
        expect([instance, ...(await said(`${url}/openai/${instance}`, vendor))]).toEqual([instance, 200, 'You said: Hello']);
      expect(library?.tokens?.requests).not.toEqual([]);
      gateway.kill('SIGTERM');
      await gateway.ended;
      canariesOf(config);
      sweepAll({ log: logOf(gateway), sent: simulator.requests, folder });
    } finally {
      await Promise.all([simulator.close(), library?.close()]);
      remove();
    }
  });
});
