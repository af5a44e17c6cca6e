import { request as send } from 'node:http';
import { describe, expect, test } from 'vitest';
import { ibmTokens, recording, type WatsonxRefusalCase, watsonxRefusals, watsonxSimulator } from '../src/index.ts';
import { clientOf, failure, token, useWatsonx } from './watsonx-support.ts';

const rows = watsonxRefusals();
const named = rows.map((row) => [row.name, row] as const);
const options = () => ({ tokens: ibmTokens({ bearers: [token] }), deployments: { 'deployment-1': 'ibm/granite-3-3-8b-instruct' } });
const simulator = useWatsonx(options);

type Answer = { readonly status: number; readonly type: string | undefined; readonly body: Readonly<Record<string, unknown>> };
const payload = ({ raw, body, form }: WatsonxRefusalCase['request']): string | undefined =>
  raw ?? (form === undefined ? (body === undefined ? undefined : JSON.stringify(body)) : new URLSearchParams(form).toString());
const asked = (origin: string, { request }: WatsonxRefusalCase): Promise<Answer> =>
  new Promise((done, fail) => {
    const { authorization = `Bearer ${token}` } = request;
    const headers = {
      'content-type': request.form === undefined ? 'application/json' : 'application/x-www-form-urlencoded',
      ...(authorization === null ? {} : { authorization }),
      ...request.headers,
    };
    const call = send(origin + request.path, { method: request.method, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      answer.on('end', () => done({ status: answer.statusCode ?? 0, type: answer.headers['content-type'], body: JSON.parse(text) }));
    });
    call.on('error', fail);
    call.end(payload(request));
  });
const refused = async (row: WatsonxRefusalCase): Promise<Answer> => {
  if (row.options === undefined) return asked(simulator().origin, row);
  const own = await watsonxSimulator({ ...options(), ...row.options });
  try {
    return await asked(own.origin, row);
  } finally {
    await own.close();
  }
};

describe('what watsonx.ai and the token services of IBM refuse', () => {
  test('the table has at least fifteen rows with a source other than memory, each with exactly one source', () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    for (const { source } of rows) expect([source.recording, source.wire, source.sdkType, source.memory].filter((one) => one !== undefined)).toHaveLength(1);
    for (const { source } of rows) if (source.wire !== undefined) expect(source.mark).toMatch(/^[VSDI?]$/);
    expect(rows.filter(({ source }) => source.memory === undefined).length).toBeGreaterThanOrEqual(15);
  });

  test.each(named)('%s', async (_name, row) => {
    const { status, type, body } = await refused(row);
    expect([status, type]).toEqual([row.response.status, 'application/json']);
    const [first] = (body.errors ?? [{ code: body.errorCode, message: body.errorMessage }]) as readonly { code: string; message: string }[];
    expect({ code: first?.code, message: first?.message }).toEqual({ code: row.response.code, message: row.response.message });
    if (body.errors !== undefined && !row.request.path.includes('/token')) expect(body).toMatchObject({ trace: expect.any(String), status_code: status });
  });

  test.each(named.filter(([, { source }]) => source.recording !== undefined))('%s: code and status are those recorded', (_name, { source, response }) => {
    const recorded = recording(source.recording ?? '').response;
    const body = JSON.parse(recorded.body ?? '') as { readonly errors: readonly { readonly code: string; readonly message: string }[] };
    expect([recorded.status, body.errors[0]?.code]).toEqual([response.status, response.code]);
    if (source.sentence === undefined) expect(body.errors[0]?.message).toBe(response.message);
  });

  test('the vendor SDK tells status and message of a refusal', async () => {
    const error = await failure(clientOf(simulator().url).textChat({ modelId: 'none', projectId: 'project-1', messages: [{ role: 'user', content: 'hi' }] }));
    expect(error).toMatchObject({ status: 404, message: "Model 'none' is not supported" });
  });

  test('a token that has ended is told from one that is none', async () => {
    let now = Date.UTC(2026, 10, 23);
    const tokens = ibmTokens({ now: () => now, lifetime: 60 });
    const own = await watsonxSimulator({ tokens });
    const { token: issued } = tokens.issue('x');
    const ask = () =>
      failure(clientOf(own.url, issued).textChat({ modelId: 'ibm/granite-4-h-small', projectId: 'project-1', messages: [{ role: 'user', content: 'hi' }] }));
    expect(await ask()).toBeUndefined();
    now += 61_000;
    expect(await ask()).toMatchObject({ status: 401, body: expect.stringContaining('authentication_token_expired') });
    tokens.revoke();
    expect(await ask()).toMatchObject({ status: 401, body: expect.stringContaining('authentication_token_not_valid') });
    await own.close();
  });
});
