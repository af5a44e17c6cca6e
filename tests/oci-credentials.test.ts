import { type OciIdentity, type OciInstance, type OciSimulator, ociIdentity, ociInstance, ociSimulator } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Bench, COMPARTMENT, openBench, PROVIDER_KEY } from './support/gateway.ts';

/** The identity that instances of `cloud` are known by; the bench has a cloud of its own beside it. */
let identity: OciIdentity;
let instance: OciInstance;
let cloud: OciSimulator;
let bench: Bench;
beforeAll(async () => {
  identity = ociIdentity();
  [instance, cloud] = await Promise.all([ociInstance({ identity }), ociSimulator({ identity, compartments: [COMPARTMENT] })]);
});
beforeEach(async () => {
  const principal = {
    provider: 'oci',
    baseUrl: cloud.url,
    insecureUpstream: true,
    region: 'us-chicago-1',
    compartmentId: COMPARTMENT,
    credentials: { type: 'instance-principal', metadataUrl: instance.origin.concat('/opc/v2'), federationUrl: instance.federationUrl },
  };
  bench = await openBench({ vendor: 'oci', sections: { retry: { attempts: 1 } }, instances: { machine: principal } });
});
afterEach(async () => {
  await bench.close();
  cloud.clear();
  instance.clear();
});
afterAll(async () => {
  await Promise.all([instance.close(), cloud.close()]);
});
const chat = (text: string, stream = false): Promise<Response> =>
  fetch(`${bench.url}/openai/machine/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'meta.llama-3.3-70b-instruct', messages: [{ role: 'user', content: text }], stream }),
  });
const exchanges = (): number => instance.requests.filter(({ path }) => path === '/v1/x509').length;
const newest = (): string => identity.issued.at(-1)?.token ?? '';

describe('an instance principal behind the gateway', () => {
  test('is asked for once by many first callers', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => chat('Hello')));
    expect([new Set(answers.map(({ status }) => status)), exchanges()]).toEqual([new Set([200]), 1]);
  });
  test('that was taken back is had anew by the call that was refused, with a new certificate', async () => {
    expect((await chat('Hello')).status).toBe(200);
    const before = newest();
    instance.rotate();
    identity.revoke(before);
    expect((await chat('Hello')).status).toBe(200);
    expect([newest() === before, exchanges()]).toEqual([false, 2]);
  });
  test('that is taken back while an answer streams ends nothing', async () => {
    let release = (): void => undefined;
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    cloud.script({ stall: { at: 300, until } });
    const answer = await chat('write 20 words', true);
    identity.revoke(newest());
    release();
    const text = await answer.text();
    expect([text.includes('word20'), text.trimEnd().endsWith('data: [DONE]')]).toEqual([true, true]);
  });
  test('that cannot be had is 503 with a time to come back, and nobody is told why but the log', async () => {
    instance.script({ status: 404, when: ({ path }) => path.startsWith('/opc/'), times: Number.POSITIVE_INFINITY });
    const answer = await chat('Hello');
    expect([answer.status, answer.headers.get('x-lpa-code'), Number(answer.headers.get('retry-after')) > 0]).toEqual([
      503,
      'upstream_credentials_unavailable',
      true,
    ]);
    expect(await answer.text()).not.toContain('metadata');
    expect(bench.logText()).toContain('OCI credentials cannot be had');
  });
  test('whose clock is wrong is let in at the second try, and without another credential', async () => {
    await bench.close();
    const wrong = await openBench({
      vendor: 'oci',
      now: () => Date.now() - 600_000,
      sections: { retry: { attempts: 1 } },
    });
    const answer = await fetch(`${wrong.url}/openai/main/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${wrong.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'meta.llama-3.3-70b-instruct', messages: [{ role: 'user', content: 'Hello' }] }),
    });
    expect([answer.status, wrong.simulator.requests.length]).toEqual([200, 2]);
    bench = wrong;
  });
  test('and what it signs with stand in no log', async () => {
    await chat('Hello');
    identity.revoke(newest());
    await (await chat('Hello')).text();
    cloud.script({ status: 401, times: Number.POSITIVE_INFINITY });
    expect((await chat('Hello')).status).toBe(502);
    const log = bench.logText();
    for (const secret of [...identity.issued.map(({ token }) => token), PROVIDER_KEY, 'PRIVATE KEY']) expect(log.includes(secret)).toBe(false);
  });
});
