import { afterEach, expect, test } from 'vitest';
import { sweepSent, sweepText } from './support/canaries.ts';
import { type Bench, openBench, PROVIDER_KEY } from './support/gateway.ts';

const canaries = { callers: ['lpa_caller-secret'], own: ['pepper-secret'] };
let bench: Bench | undefined;
afterEach(() => bench?.close().catch(() => undefined));

test.each(['lpa_caller-secret', 'pepper-secret'])('%s is found in every form', (secret) => {
  for (const form of [secret, Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('hex')])
    expect(() => sweepText(canaries, `before ${form} after`, 'the log')).toThrow('the log');
  expect(() => sweepText(canaries, 'nothing of it', 'the log')).not.toThrow();
});
test('A112: a gateway that logged a secret, and one that handed a key on, fail their suite', async () => {
  bench = await openBench();
  const call = (body: object) =>
    fetch(`${bench?.url}/openai/main/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench?.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }], ...body }),
    });
  await call({});
  expect(() => sweepSent({ callers: [bench?.key ?? ''], own: [] }, bench?.simulator.requests ?? [])).not.toThrow();
  // What a client writes into a prompt goes on as it is: here it stands for a gateway that hands its key on.
  await call({ user: bench.key });
  const closing = bench.close();
  bench = undefined;
  await expect(closing).rejects.toThrow('a request to the provider');
  bench = await openBench({ sections: { log: { level: 'trace', content: true } } });
  await call({ user: PROVIDER_KEY });
  await bench.line((line) => line.msg === 'content');
  expect(bench.logText()).not.toContain(PROVIDER_KEY);
});
