import { request as send } from 'node:http';
import OpenAI, { APIError } from 'openai';
import { describe, expect, test } from 'vitest';
import { type RefusalCase, recording, refusals } from '../src/index.ts';
import { key, useSimulator } from './support.ts';

const rows = refusals();
const named = rows.map((row) => [row.name, row] as const);
const simulator = useSimulator({ contextTokens: 1000 });

const classes: Readonly<Record<number, string>> = { 400: 'BadRequestError', 401: 'AuthenticationError', 403: 'PermissionDeniedError', 404: 'NotFoundError' };

const payload = ({ raw, body }: RefusalCase['request']): string | undefined => raw ?? (body === undefined ? undefined : JSON.stringify(body));

/** One request on a plain socket: status, headers and body text. */
const plain = (row: RefusalCase): Promise<{ status: number; type: string | undefined; requestId: unknown; text: string }> =>
  new Promise((done, fail) => {
    const { method, path, contentType = 'application/json', key: given = key } = row.request;
    const body = payload(row.request);
    const headers = { ...(given === null ? {} : { authorization: `Bearer ${given}` }), ...(body === undefined ? {} : { 'content-type': contentType }) };
    const call = send(simulator().origin + path, { method, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      answer.on('end', () => done({ status: answer.statusCode ?? 0, type: answer.headers['content-type'], requestId: answer.headers['x-request-id'], text }));
    });
    call.on('error', fail);
    call.end(body);
  });

const bySdk = async (row: RefusalCase): Promise<unknown> => {
  const { method, path, key: given = key, contentType = 'application/json' } = row.request;
  const client = new OpenAI({
    baseURL: simulator().url,
    apiKey: given ?? 'none',
    maxRetries: 0,
    ...(given === null ? { defaultHeaders: { authorization: null } } : {}),
  });
  const body = payload(row.request);
  const options = { ...(body === undefined ? {} : { body, headers: { 'content-type': contentType } }) };
  const target = path.replace(/^\/v1/, '');
  try {
    await (method === 'GET' ? client.get(target, options) : client.post(target, options));
    return undefined;
  } catch (error) {
    return error;
  }
};

describe('what the service refuses', () => {
  test('the table has at least twenty rows, fifteen of them with a source other than memory, each with exactly one source', () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    expect(rows.length).toBeGreaterThanOrEqual(20);
    for (const { source } of rows) expect([source.recording, source.wire, source.sdkType, source.memory].filter((one) => one !== undefined)).toHaveLength(1);
    for (const { source } of rows) if (source.wire !== undefined) expect(source.mark).toMatch(/^(V|S|D|I|M|spec|recording)$/);
    expect(rows.filter(({ source }) => source.memory === undefined).length).toBeGreaterThanOrEqual(15);
  });

  test.each(named)('%s: over plain HTTP', async (_name, row) => {
    const answer = await plain(row);
    expect(answer.status).toBe(row.response.status);
    expect(answer.type).toBe('application/json');
    expect(answer.requestId).toMatch(/^req_[0-9a-f]{32}$/);
    expect(JSON.parse(answer.text)).toEqual(row.response.body);
  });

  test.each(named)('%s: through the SDK', async (_name, row) => {
    const error = await bySdk(row);
    expect(error).toBeInstanceOf(APIError);
    const { status, code, param, type, requestID } = error as APIError;
    expect((error as APIError).constructor.name).toBe(classes[row.response.status] ?? 'APIError');
    const { error: body } = row.response.body;
    expect({ status, code, param, type }).toEqual({ status: row.response.status, code: body.code, param: body.param, type: body.type });
    expect(requestID).toMatch(/^req_/);
  });

  test.each(rows.flatMap((row) => (row.source.recording === undefined ? [] : [[row.source.recording, row] as const])))(
    '%s is what was recorded',
    (file, row) => {
      const recorded = recording(file);
      expect(row.response.status).toBe(recorded.response.status);
      expect(row.response.body).toEqual(JSON.parse(recorded.response.body ?? ''));
    },
  );
});
