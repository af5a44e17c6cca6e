import { parseJson, stringifyJson } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { callOf, client, inbound, ledger, provider, recordings, seal } from './responses-support.ts';

const back = (body: Record<string, unknown>): unknown => {
  const request = client.read(inbound(body, body.stream === true), ledger());
  return provider.write(request, callOf(body, { model: String(body.model), stream: body.stream === true })).body;
};
const hosted = ['responses-cache-gpt-5.2', 'responses-stream-plain-gpt-5.4', 'responses-stream-servertool', 'responses-servertool'];
const translatable = recordings.filter((r) => r.request !== null && !hosted.some((name) => r.name.includes(name)));

describe('a request that is read and written again', () => {
  it('has recordings to work on', () => expect(translatable.length).toBeGreaterThanOrEqual(14));
  it.each(translatable)('is the same body: $name', ({ request }) => {
    expect(stringifyJson(back(request as Record<string, unknown>))).toBe(stringifyJson(request));
  });
});
void parseJson;
void seal;
