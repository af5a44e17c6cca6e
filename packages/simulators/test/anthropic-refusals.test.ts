import { request as send } from 'node:http';
import Anthropic, { APIError } from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import { type AnthropicRefusalCase, anthropicRefusals, recording } from '../src/index.ts';
import { key, useAnthropic } from './anthropic-support.ts';

const rows = anthropicRefusals();
const named = rows.map((row) => [row.name, row] as const);
const simulator = useAnthropic({ contextTokens: 1000 });

const classes: Readonly<Record<number, string>> = { 400: 'BadRequestError', 401: 'AuthenticationError', 404: 'NotFoundError' };
/** The SDK has a class for some codes. */
const codes: Readonly<Record<string, string>> = {
  request_body_encoding_unsupported: 'RequestBodyEncodingUnsupportedError',
  request_body_encoding_invalid: 'RequestBodyEncodingInvalidError',
};

const payload = ({ raw, body }: AnthropicRefusalCase['request']): string | undefined => raw ?? (body === undefined ? undefined : JSON.stringify(body));

/** Headers of a row; null means that one must not be sent. */
const headersOf = ({ key: given = key, bearer, headers }: AnthropicRefusalCase['request']): Record<string, string | null> => ({
  'anthropic-version': '2023-06-01',
  'content-type': 'application/json',
  'x-api-key': given,
  authorization: bearer === undefined ? null : `Bearer ${bearer}`,
  ...headers,
});

type Answer = { status: number; type: string | undefined; requestId: unknown; text: string };

const plain = ({ request }: AnthropicRefusalCase): Promise<Answer> =>
  new Promise((done, fail) => {
    const headers = Object.fromEntries(Object.entries(headersOf(request)).filter((pair): pair is [string, string] => pair[1] !== null));
    const call = send(simulator().origin + request.path, { method: request.method, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      answer.on('end', () => done({ status: answer.statusCode ?? 0, type: answer.headers['content-type'], requestId: answer.headers['request-id'], text }));
    });
    call.on('error', fail);
    call.end(payload(request));
  });

const bySdk = async ({ request }: AnthropicRefusalCase): Promise<unknown> => {
  const client = new Anthropic({ baseURL: simulator().url, apiKey: 'unused', maxRetries: 0 });
  const body = payload(request);
  const options = { headers: headersOf(request), ...(body === undefined ? {} : { body: Buffer.from(body) }) };
  return (request.method === 'GET' ? client.get(request.path, options) : client.post(request.path, options)).then(
    () => undefined,
    (cause: unknown) => cause,
  );
};

describe('what Anthropic refuses', () => {
  test('the table has at least fifty rows with a source other than memory, each with exactly one source', () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    for (const { source } of rows) expect([source.recording, source.wire, source.sdkType, source.memory].filter((one) => one !== undefined)).toHaveLength(1);
    for (const { source } of rows) if (source.wire !== undefined) expect(source.mark).toMatch(/^[VDI?]$/);
    expect(rows.filter(({ source }) => source.memory === undefined).length).toBeGreaterThanOrEqual(50);
  });

  test.each(named)('%s: over plain HTTP', async (_name, row) => {
    const answer = await plain(row);
    const { request_id: requestId, ...body } = JSON.parse(answer.text);
    expect({ status: answer.status, body }).toEqual(row.response);
    expect(answer.type).toBe('application/json');
    expect(requestId).toMatch(/^req_01[1-9A-Za-z]{22}$/);
    expect(answer.requestId).toBe(requestId);
  });

  test.each(named)('%s: through the SDK', async (_name, row) => {
    const error = await bySdk(row);
    expect(error).toBeInstanceOf(APIError);
    const { status, type, errorCode, apiMessage, requestID } = error as APIError;
    const { error: sent } = row.response.body;
    expect((error as APIError).constructor.name).toBe(codes[sent.details?.error_code ?? ''] ?? classes[row.response.status] ?? 'APIError');
    expect({ status, type, errorCode, apiMessage }).toEqual({
      status: row.response.status,
      type: sent.type,
      errorCode: sent.details?.error_code ?? null,
      apiMessage: sent.message,
    });
    expect(requestID).toMatch(/^req_/);
  });

  test.each(rows.flatMap((row) => (row.source.recording === undefined ? [] : [[row.source.recording, row] as const])))(
    '%s is what was recorded',
    (file, { response, source }) => {
      const recorded = recording(file);
      const { request_id: _differs, ...body } = JSON.parse(recorded.response.body ?? '');
      const text = (value: object): string => (source.numbers === 'differ' ? JSON.stringify(value).replace(/\d+/g, '0') : JSON.stringify(value));
      const inOrder = ({ type, error }: { type: string; error: { type: string; message: string } }) => ({
        type,
        error: { type: error.type, message: error.message },
      });
      expect(response.status).toBe(recorded.response.status);
      expect(text(inOrder(response.body))).toBe(text(inOrder(body)));
    },
  );
});
