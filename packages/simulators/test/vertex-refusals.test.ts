import { ApiError } from '@google/genai';
import { describe, expect, test } from 'vitest';
import { exampleGoogleToken, recording, type VertexRefusalCase, vertexRefusals } from '../src/index.ts';
import { genai, useVertex } from './google-support.ts';

const rows = vertexRefusals();
const named = rows.map((row) => [row.name, row] as const);
const simulator = useVertex({ contextTokens: 1000, denied: ['gemini-2.0-flash'] });

const sent = async ({ request }: VertexRefusalCase): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> => {
  const { method, path, token = exampleGoogleToken, headers = {}, body } = request;
  const answer = await fetch(simulator().origin + path, {
    method,
    headers: { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};
const shown = (message: string, { response }: VertexRefusalCase): string =>
  response.begins === true ? message.slice(0, (response.error ?? response.anthropic)?.message.length) : message;

describe('what Vertex AI refuses', () => {
  test('the table has at least twenty rows with a source other than memory, each with exactly one source', () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    for (const { source } of rows) expect([source.recording, source.wire, source.sdkType, source.memory].filter((one) => one !== undefined)).toHaveLength(1);
    for (const { source } of rows) if (source.wire !== undefined) expect(source.mark).toMatch(/^[VSDI?]$/);
    expect(rows.filter(({ source }) => source.memory === undefined).length).toBeGreaterThanOrEqual(20);
  });
  test.each(named)('%s', async (_name, row) => {
    const { status, body } = await sent(row);
    expect(status).toBe(row.response.status);
    const { error } = body as { error: { code: number; status: string; message: string; type: string } };
    if (row.response.error === undefined) {
      expect(body.type).toBe('error');
      expect({ type: error.type, message: shown(error.message, row) }).toEqual(row.response.anthropic);
    } else expect({ code: error.code, status: error.status, message: shown(error.message, row) }).toEqual(row.response.error);
  });
  test.each(rows.flatMap((row) => (row.source.recording === undefined ? [] : [[row.source.recording, row] as const])))(
    '%s is of the form recorded',
    (file, row) => {
      const recorded = JSON.parse(recording(file).response.body ?? '') as { error: { code: number; status: string; message: string } };
      expect([recorded.error.code, recorded.error.status]).toEqual([row.response.error?.code, row.response.error?.status]);
      if (row.source.numbers === undefined) expect(recorded.error.message).toBe(row.response.error?.message);
    },
  );
  test('the vendor’s own client reads status and message', async () => {
    const failure: unknown = await genai(simulator())
      .models.generateContent({ model: 'gemini-99', contents: 'hi' })
      .catch((cause: unknown) => cause);
    expect(failure).toBeInstanceOf(ApiError);
    expect((failure as ApiError).status).toBe(404);
  });
  test('a stream that is no event stream has its error in a list', async () => {
    const path = '/v1/projects/my-project/locations/us-central1/publishers/google/models/gemini-99:streamGenerateContent';
    const headers = { authorization: `Bearer ${exampleGoogleToken}`, 'content-type': 'application/json' };
    const asked = async (query: string) => (await fetch(`${simulator().origin}${path}${query}`, { method: 'POST', headers, body: '{"contents":[]}' })).json();
    expect(await asked('')).toEqual([{ error: expect.objectContaining({ code: 404 }) }]);
    expect(await asked('?alt=sse')).toEqual({ error: expect.objectContaining({ code: 404 }) });
  });
  test('a path of another location is a page of the front', async () => {
    const headers = { authorization: `Bearer ${exampleGoogleToken}` };
    const answer = await fetch(`${simulator().origin}/v1/projects/my-project/locations/nowhere1/publishers/google/models/x:generateContent`, {
      method: 'POST',
      headers,
    });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'text/html; charset=UTF-8']);
  });
});
