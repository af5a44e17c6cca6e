import { type OciIdentity, type OciInstance, type OciSimulator, ociIdentity, ociInstance, ociSimulator } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Bench, COMPARTMENT, openBench, PROVIDER_KEY } from './support/gateway.ts';

/** The identity that instances of `cloud` are known by; the bench has a cloud of its own beside it. */
let identity: OciIdentity;
let instance: OciInstance;
let cloud: OciSimulator;
let bench: Bench;
const MINUTE = 60_000;
/** Milliseconds that the gateway is ahead of OCI, and of the vendor's library within it. */
let gatewayAhead = 0;
const advance = (ms: number): void => void vi.setSystemTime(Date.now() + ms);
beforeAll(async () => {
  identity = ociIdentity({ now: () => Date.now() });
  [instance, cloud] = await Promise.all([ociInstance({ identity }), ociSimulator({ identity, compartments: [COMPARTMENT] })]);
});
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  gatewayAhead = 0;
  const principal = {
    provider: 'oci',
    baseUrl: cloud.url,
    insecureUpstream: true,
    region: 'us-chicago-1',
    compartmentId: COMPARTMENT,
    credentials: { type: 'instance-principal', metadataUrl: instance.origin.concat('/opc/v2'), federationUrl: instance.federationUrl },
  };
  const now = (): number => Date.now() + gatewayAhead;
  bench = await openBench({ vendor: 'oci', now, sections: { retry: { attempts: 1 } }, instances: { machine: principal } });
});
afterEach(async () => {
  await bench.close();
  cloud.clear();
  instance.clear();
  vi.useRealTimers();
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
/** Status of one call, and the session that it was signed with. */
const asked = async (): Promise<readonly [status: number, session: string | undefined]> => {
  const answer = await chat('Hello');
  await answer.arrayBuffer();
  return [answer.status, /keyId="ST\$([^"]+)"/.exec(cloud.requests.at(-1)?.header('authorization') ?? '')?.[1]];
};
const newest = (): string => identity.issued.at(-1)?.token ?? '';

describe('an instance principal behind the gateway', () => {
  test('is asked for once by many first callers', async () => {
    expect(instance.requests).toEqual([]);
    const answers = await Promise.all(Array.from({ length: 100 }, () => chat('Hello')));
    expect([new Set(answers.map(({ status }) => status)), exchanges()]).toEqual([new Set([200]), 1]);
  });
  test('is asked for again ahead of its end, while the old session serves', async () => {
    const [, first] = await asked();
    advance(17.5 * MINUTE);
    expect(await asked()).toEqual([200, first]);
    await expect.poll(async () => (await asked())[1]).not.toBe(first);
    expect(exchanges()).toBe(2);
  });
  test('serves through an outage until its end; then calls are 503, and it passes', async () => {
    const [, first] = await asked();
    const up = instance.script({ status: 503, times: Number.POSITIVE_INFINITY });
    for (const minutes of [17.5, 1]) {
      advance(minutes * MINUTE);
      expect(await asked()).toEqual([200, first]);
    }
    advance(2 * MINUTE);
    const answer = await chat('Hello');
    expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([503, 'upstream_credentials_unavailable']);
    up();
    advance(MINUTE);
    expect(await asked()).toEqual([200, newest()]);
  });
  test.each([-10, 10])('works with a clock that is off by %d minutes', async (minutes) => {
    gatewayAhead = minutes * MINUTE;
    expect(await asked()).toEqual([200, newest()]);
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
  test('that the identity service refuses is told to the log in the words of the vendor’s library', async () => {
    instance.script({ status: 401, when: ({ path }) => path === '/v1/x509' });
    const answer = await chat('Hello');
    expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([503, 'upstream_credentials_unavailable']);
    expect(bench.logText()).toContain('failed with status: 401');
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
