import { describe, expect, test } from 'vitest';
import { MAX_SERIES, METRICS, paramLabel } from '../src/observe/metric-table.ts';
import { createMetrics, type GatewayMetrics, type Known } from '../src/observe/metrics.ts';

const KNOWN: Known = {
  instances: [
    { name: 'alpha', provider: 'acme', region: 'eu' },
    { name: 'beta', provider: 'other-vendor', region: 'us' },
  ],
  dialects: ['plain'],
  strategies: ['api-key'],
  routes: ['/chat/completions', '/health'],
};
const make = (extra: Partial<Parameters<typeof createMetrics>[0]> = {}): GatewayMetrics => createMetrics({ known: KNOWN, now: () => 1_000_000, ...extra });
const lines = async (metrics: GatewayMetrics): Promise<string[]> => (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
const value = async (metrics: GatewayMetrics, series: string): Promise<number | undefined> => {
  const line = (await lines(metrics)).find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
};
const CALL = { instance: 'alpha', dialect: 'plain', mode: 'protocol', operation: 'chat' } as const;

describe('every metric', () => {
  test('is exposed under its name, type and labels once something was recorded', async () => {
    const metrics = make({ expiries: () => [['alpha', 1_060_000]] });
    const call = metrics.call(CALL);
    call.begin();
    call.status(200);
    call.status(200);
    call.status(429);
    call.duration(0.3, 'ok');
    call.firstToken(0.05, 'error');
    call.upstream(400, 'client');
    call.overhead(0.0002);
    call.tokens('input', 12);
    call.tokens('cache_write', 3);
    metrics.http('POST', '/chat/completions').status(200);
    metrics.auth('api-key', 'denied');
    metrics.rateLimited('rate_limit_exceeded');
    metrics.retry();
    metrics.fallback();
    metrics.truncated();
    metrics.fidelity('logit_bias');
    metrics.health('alpha', true);
    metrics.health('beta', false);
    metrics.reloaded(false);
    const expected: Record<string, number> = {
      'http_requests_total{method="POST",route="/chat/completions",status="200"}': 1,
      'health_check_status{instance="alpha"}': 1,
      'health_check_status{instance="beta"}': 0,
      'llm_proxy_requests_total{instance="alpha",dialect="plain",mode="protocol",operation="chat",status="200"}': 2,
      'llm_proxy_requests_total{instance="alpha",dialect="plain",mode="protocol",operation="chat",status="429"}': 1,
      'llm_proxy_tokens_total{instance="alpha",type="input"}': 12,
      'llm_proxy_tokens_total{instance="alpha",type="cache_write"}': 3,
      'llm_proxy_auth_total{strategy="api-key",result="denied"}': 1,
      'llm_proxy_rate_limited_total{reason="rate_limit_exceeded"}': 1,
      llm_proxy_retries_total: 1,
      llm_proxy_fallbacks_total: 1,
      llm_proxy_stream_truncated_total: 1,
      'llm_proxy_fidelity_total{param="logit_bias"}': 1,
      'llm_proxy_request_duration_seconds_bucket{instance="alpha",operation="chat",outcome="ok",le="0.25"}': 0,
      'llm_proxy_request_duration_seconds_bucket{instance="alpha",operation="chat",outcome="ok",le="0.5"}': 1,
      'llm_proxy_request_duration_seconds_bucket{instance="alpha",operation="chat",outcome="ok",le="+Inf"}': 1,
      'llm_proxy_request_duration_seconds_sum{instance="alpha",operation="chat",outcome="ok"}': 0.3,
      'llm_proxy_request_duration_seconds_count{instance="alpha",operation="chat",outcome="ok"}': 1,
      'llm_proxy_time_to_first_token_seconds_bucket{instance="alpha",operation="chat",outcome="error",le="0.1"}': 1,
      'llm_proxy_upstream_duration_seconds_bucket{instance="alpha",operation="chat",outcome="client",le="300"}': 0,
      'llm_proxy_upstream_duration_seconds_bucket{instance="alpha",operation="chat",outcome="client",le="+Inf"}': 1,
      'llm_proxy_overhead_seconds_bucket{mode="protocol",le="0.0001"}': 0,
      'llm_proxy_overhead_seconds_bucket{mode="protocol",le="0.00025"}': 1,
      'llm_proxy_inflight{instance="alpha"}': 1,
      'llm_proxy_credential_expires_seconds{instance="alpha"}': 60,
      llm_proxy_config_reload_success: 0,
      'llm_proxy_instance_info{instance="beta",provider="other-vendor",region="us"}': 1,
    };
    for (const [series, count] of Object.entries(expected)) expect([series, await value(metrics, series)]).toEqual([series, count]);
    const text = await metrics.text();
    for (const entry of Object.values(METRICS)) {
      expect(text).toContain(`# TYPE ${entry.name} ${entry.type}\n`);
      expect(text).toContain(`# HELP ${entry.name} ${entry.help}\n`);
    }
    call.end();
    expect(await value(metrics, 'llm_proxy_inflight{instance="alpha"}')).toBe(0);
  });

  test('a histogram has nine buckets and +Inf, cumulative, bounds included', async () => {
    const metrics = make();
    const call = metrics.call(CALL);
    for (const entry of Object.values(METRICS)) if (entry.type === 'histogram') expect([entry.name, entry.buckets?.length]).toEqual([entry.name, 9]);
    for (const bound of METRICS.duration.buckets ?? []) call.duration(bound, 'ok');
    const buckets = (await lines(metrics)).filter((line) => line.startsWith('llm_proxy_request_duration_seconds_bucket'));
    expect(buckets.map((line) => Number(line.split(' ')[1]))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 9]);
  });

  test('two gateways in one process do not share counts', async () => {
    const [one, two] = [make(), make()];
    one.retry();
    expect(await value(one, 'llm_proxy_retries_total')).toBe(1);
    expect(await value(two, 'llm_proxy_retries_total')).toBe(0);
  });
});

describe('labels', () => {
  test('what neither configuration nor a closed set knows is `other`', async () => {
    const metrics = make();
    metrics.call({ instance: 'x"} 1\nevil', dialect: 'x', mode: 'x', operation: 'x' }).status(200);
    metrics.call(CALL).status(1000);
    metrics.call(CALL).duration(1, 'odd' as never);
    metrics.http('BREW', '/x/y').status(299);
    metrics.auth('magic', 'maybe');
    metrics.rateLimited('mood');
    metrics.fidelity('x'.repeat(200));
    const text = await metrics.text();
    expect(text).toContain('llm_proxy_requests_total{instance="other",dialect="other",mode="other",operation="other",status="200"} 1');
    expect(text).toContain('operation="chat",status="other"} 1');
    expect(text).toContain('http_requests_total{method="other",route="other",status="299"} 1');
    expect(text).toContain('llm_proxy_auth_total{strategy="other",result="other"} 1');
    expect(text).toContain('llm_proxy_rate_limited_total{reason="other"} 1');
    expect(text).toContain('llm_proxy_fidelity_total{param="other"} 1');
    expect(text).toContain('outcome="other"');
    expect(text).not.toContain('evil');
  });

  test.each([
    ['logit_bias', 'logit_bias'],
    ['messages[].content[].id', 'messages'],
    ['choices[].message.annotations', 'choices[].message.annotations'],
    ['choices[].message.annotations[].of-a-caller', 'choices[].message.annotations'],
    ['tools[', 'tools'],
    ['of-a-caller.temperature', 'other'],
    ['[.', 'other'],
    ['', 'other'],
  ])('a field is counted under the field of the closed set in which it stands: %s', (param, label) => {
    expect(paramLabel(param)).toBe(label);
  });

  test('10,000 random labels of every kind make at most 2,000 series, and every count is kept', async () => {
    const metrics = make({
      known: { ...KNOWN, routes: undefined, instances: Array.from({ length: 400 }, (_, i) => ({ name: `i${i}`, provider: 'p', region: 'r' })) },
      aliases: { seed_requests_total: 'llm_proxy_requests_total' },
    });
    for (let i = 0; i < 10_000; i++) {
      const call = metrics.call({ instance: i % 3 === 0 ? `i${i % 400}` : `x${i}`, dialect: `d${i}`, mode: `m${i}`, operation: `o${i}` });
      call.begin();
      call.end();
      call.status(100 + (i % 700));
      call.duration(i / 100, 'ok');
      call.firstToken(i, `o${i}` as never);
      call.upstream(i, 'error');
      call.overhead(i);
      call.tokens('input', 1);
      metrics.http(`M${i}`, `/r${i}`).status(i);
      metrics.auth(`s${i}`, `r${i}`);
      metrics.rateLimited(`l${i}`);
      metrics.fidelity(`f${i}`);
      metrics.health(`i${i}`, true);
      metrics.counter(`acme_${i % 300}_total`, { of: `v${i}` }).add(1);
    }
    const all = await lines(metrics);
    expect(all.length).toBeGreaterThan(1000);
    expect(all.length).toBeLessThanOrEqual(MAX_SERIES);
    const total = (name: string): number =>
      all.filter((line) => line.startsWith(`${name}{`)).reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    for (const name of [
      'llm_proxy_requests_total',
      'seed_requests_total',
      'http_requests_total',
      'llm_proxy_tokens_total',
      'llm_proxy_request_duration_seconds_count',
      'llm_proxy_upstream_duration_seconds_count',
      'llm_proxy_auth_total',
      'llm_proxy_fidelity_total',
    ])
      expect([name, total(name)]).toEqual([name, 10_000]);
  });

  test('a reload adds names, takes back what described an instance that changed or went, and keeps counts', async () => {
    const metrics = make();
    const before = metrics.call(CALL);
    before.status(200);
    metrics.health('beta', true);
    metrics.configure({
      ...KNOWN,
      instances: [
        { name: 'alpha', provider: 'acme', region: 'us' },
        { name: 'gamma', provider: 'acme', region: 'us' },
      ],
    });
    before.status(200);
    metrics.call(CALL).status(200);
    metrics.call({ ...CALL, instance: 'gamma' }).status(200);
    const all = await lines(metrics);
    expect(all.filter((line) => line.startsWith('llm_proxy_instance_info'))).toEqual([
      'llm_proxy_instance_info{instance="alpha",provider="acme",region="us"} 1',
      'llm_proxy_instance_info{instance="gamma",provider="acme",region="us"} 1',
    ]);
    expect(all.filter((line) => line.startsWith('health_check_status'))).toEqual([]);
    expect(all.filter((line) => line.startsWith('llm_proxy_requests_total'))).toEqual([
      'llm_proxy_requests_total{instance="alpha",dialect="plain",mode="protocol",operation="chat",status="200"} 3',
      'llm_proxy_requests_total{instance="gamma",dialect="plain",mode="protocol",operation="chat",status="200"} 1',
    ]);
  });
});

describe('plugins', () => {
  test('an alias shows the same series under another name, histograms too', async () => {
    const metrics = make({ aliases: { seed_requests_total: 'llm_proxy_requests_total', seed_seconds: 'llm_proxy_request_duration_seconds' } });
    metrics.call(CALL).status(200);
    metrics.call(CALL).duration(1, 'ok');
    expect(await value(metrics, 'seed_requests_total{instance="alpha",dialect="plain",mode="protocol",operation="chat",status="200"}')).toBe(1);
    expect(await value(metrics, 'seed_seconds_count{instance="alpha",operation="chat",outcome="ok"}')).toBe(1);
  });

  test.each([
    ['an unknown target', { seed_total: 'nothing_total' }],
    ['a name that is taken', { llm_proxy_retries_total: 'http_requests_total' }],
    ['a name that is none', { 'seed total': 'http_requests_total' }],
  ])('an alias with %s is refused at the start', (_name, aliases) => {
    expect(() => make({ aliases })).toThrow(/alias/);
  });

  test('a counter of a plugin is counted by its labels; a bad or taken name throws', async () => {
    const metrics = make();
    metrics.counter('acme_cache_total', { result: 'hit' }).add(2);
    metrics.counter('acme_cache_total', { result: 'hit' }).add(1);
    metrics.counter('acme_cache_total', { result: 'a"b' }).add(-5);
    expect(await value(metrics, 'acme_cache_total{result="hit"}')).toBe(3);
    expect(await value(metrics, 'acme_cache_total{result="a\\"b"}')).toBe(0);
    expect(() => metrics.counter('not a name')).toThrow();
    expect(() => metrics.counter('acme_x_total', { 'bad-label': '1' })).toThrow();
    expect(() => metrics.counter('http_requests_total')).toThrow();
  });

  test('plugins that count without end are cut off and reported once each', async () => {
    const warned: unknown[] = [];
    const log = { info: () => undefined, warn: (fields: object) => void warned.push(fields), error: () => undefined };
    const metrics = make({ log });
    for (let round = 0; round < 2; round++) for (let i = 0; i < 200; i++) metrics.counter(`acme_${i}_total`).add(1);
    expect((await lines(metrics)).filter((line) => line.startsWith('acme_')).length).toBeLessThanOrEqual(150);
    expect(warned.length).toBeGreaterThan(0);
    expect(new Set(warned.map((w) => JSON.stringify(w))).size).toBe(warned.length);
  });
});

test('recording one request costs about a microsecond', () => {
  const metrics = make();
  const once = (i: number): void => {
    const call = metrics.call(CALL);
    call.begin();
    metrics.http('POST', '/chat/completions').status(200);
    call.status(200);
    call.tokens('input', 10);
    call.tokens('output', 20);
    call.duration(i % 7, 'ok');
    call.firstToken(0.2, 'ok');
    call.upstream(0.9, 'ok');
    call.overhead(0.0003);
    metrics.auth('api-key', 'ok');
    call.end();
  };
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 8; round++) {
    const started = process.cpuUsage();
    for (let i = 0; i < 20_000; i++) once(i);
    const spent = process.cpuUsage(started);
    best = Math.min(best, (spent.user + spent.system) / 20_000);
  }
  // Microseconds of CPU; about 0.5 on a quiet machine.
  expect(best).toBeLessThan(3);
});
