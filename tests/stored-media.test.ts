import { describe, expect, test } from 'vitest';
import { openBench } from './support/gateway.ts';

/** What the vendor would be sent, from `x-lpa-explain`. */
const explained = async (vendor: 'vertex' | 'bedrock' | 'watsonx', model: string, url: string): Promise<{ readonly status: number; readonly text: string }> => {
  const bench = await openBench({ vendor });
  try {
    const reply = await fetch(`${bench.url}/openai/main/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', 'x-lpa-explain': '1' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] }),
    });
    return { status: reply.status, text: (await reply.text()).replaceAll('\\"', '"') };
  } finally {
    await bench.close();
  }
};

describe('a picture that a cloud stores, from a client of Chat Completions', () => {
  test('Gemini reads it where it is', async () => {
    const { status, text } = await explained('vertex', 'gemini-2.5-flash', 'gs://bucket/a.png');
    expect(status).toBe(200);
    expect(text).toContain('{"fileData":{"mimeType":"image/png","fileUri":"gs://bucket/a.png"}}');
  });
  test('Bedrock reads it where it is', async () => {
    const { status, text } = await explained('bedrock', 'amazon.nova-lite-v1:0', 's3://bucket/a.png');
    expect(status).toBe(200);
    expect(text).toContain('{"image":{"format":"png","source":{"s3Location":{"uri":"s3://bucket/a.png"}}}}');
  });
  test.each([
    ['bedrock', 'amazon.nova-lite-v1:0', 'gs://bucket/a.png'],
    ['watsonx', 'ibm/granite-3-3-8b-instruct', 's3://bucket/a.png'],
  ] as const)('%s is not asked for what another cloud stores', async (vendor, model, url) => {
    expect((await explained(vendor, model, url)).status).toBe(400);
  });
});
