import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

type Fields = Record<string, unknown>;
const VIDEO = 'data:video/mp4;base64,AAAA';
const user = (content: unknown) => ({ role: 'user', content });
const rows = [
  ['vertex', 'gemini-2.5-flash', 'labels'],
  ['bedrock', 'us.amazon.nova-lite-v1:0', 'requestMetadata'],
] as const;

describe.each(rows)('what a client files with its call, at %s', (vendor, model, member) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor, plugins: ['@llm-proxy-auth/dialect-converse'], sections: { retry: { attempts: 1 } } });
  });
  afterAll(() => bench.close());
  const chat = async (metadata: Fields) => {
    const answer = await fetch(`${bench.url}/openai/main/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, max_tokens: 50, metadata, messages: [user('Hello')] }),
    });
    const sent = bench.simulator.requests.findLast(({ method }) => method === 'POST')?.json() as Fields;
    return { status: answer.status, fidelity: answer.headers.get('x-lpa-fidelity') ?? '', sent };
  };
  test('is filed there in its own words', async () => {
    const { status, fidelity, sent } = await chat({ team: 'a-1' });
    expect([status, sent[member], fidelity]).toEqual([200, { team: 'a-1' }, '']);
  });
  test('is left out as a whole, and told, where the vendor would refuse it', async () => {
    const { status, fidelity, sent } = await chat({ team: 'a-1', note: 'ü'.repeat(10) });
    expect([status, sent[member], fidelity]).toEqual([200, undefined, 'ignored=metadata']);
  });
});

describe.each([
  ['vertex', 'gemini-2.5-flash', '"inlineData":{"mimeType":"video/mp4","data":"AAAA"}'],
  ['watsonx', 'meta-llama/llama-4-maverick-17b-128e-instruct-fp8', `"video_url":{"url":"${VIDEO}"}`],
  ['oci', 'meta.llama-4-maverick-17b-128e-instruct-fp8', `"type":"VIDEO","videoUrl":{"url":"${VIDEO}"}`],
  ['bedrock', 'us.amazon.nova-lite-v1:0', '"video":{"format":"mp4","source":{"bytes":"AAAA"}}'],
] as const)('a video of an OpenAI client, at %s', (vendor, model, wanted) => {
  test('is one there', async () => {
    const bench = await openBench({ vendor, plugins: ['@llm-proxy-auth/dialect-converse'], sections: { retry: { attempts: 1 } } });
    try {
      const content = [
        { type: 'text', text: 'see' },
        { type: 'video_url', video_url: { url: VIDEO } },
      ];
      const answer = await fetch(`${bench.url}/openai/main/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model, max_tokens: 50, messages: [user(content)] }),
      });
      expect([answer.status, answer.headers.get('x-lpa-fidelity')]).toEqual([200, null]);
      expect(JSON.stringify(bench.simulator.requests.findLast(({ method }) => method === 'POST')?.json())).toContain(wanted);
    } finally {
      await bench.close();
    }
  });
});
