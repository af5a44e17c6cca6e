import type { ChatReply, Part } from '@llm-proxy-auth/plugin';
import { isGatewayError, parseJson, stringifyJson } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { responsesSurfaces } from '../src/responses/index.ts';
import { answers, callOf, client, inbound, ledger, provider, recordings, seal } from './responses-support.ts';

const usage = { input: 9, output: 4, cacheRead: 2, cacheWrite: 1, reasoning: 1, estimated: false };
const reply = (parts: readonly Part[], more: Partial<ChatReply> = {}): ChatReply => ({
  id: '',
  model: 'claude-x',
  choices: [{ index: 0, parts, finish: 'stop' }],
  usage,
  ...more,
});
const write = (answer: ChatReply, body: object = {}): Record<string, unknown> =>
  parseJson(String(client.write(answer, callOf(body)).body)) as Record<string, unknown>;
const read = (body: string): ChatReply => provider.read({ status: 200, headers: [], body: Buffer.from(body) }, callOf({}), undefined);
const failureOf = (body: string): unknown => {
  try {
    return read(body);
  } catch (e) {
    return isGatewayError(e) ? [e.code, e.status] : e;
  }
};

describe('a recorded answer', () => {
  it.each(answers)('is written again as it came: $name', ({ body }) => {
    const answer = read(body);
    const wrote = client.write(answer, callOf({}, { model: answer.model }));
    expect(wrote.body).toBe(stringifyJson(parseJson(body)));
    expect(wrote.headers).toEqual(['content-type', 'application/json']);
  });
  it.each(answers)('has the text, calls and usage of the vendor: $name', ({ body }) => {
    const sent = JSON.parse(body) as {
      output: { type: string; call_id: string; arguments: string; content?: { text: string }[] }[];
      usage: { input_tokens: number; output_tokens: number; input_tokens_details: { cached_tokens: number } };
    };
    const { choices, usage: counted } = read(body);
    const parts = choices[0]?.parts ?? [];
    expect(parts.flatMap((part) => (part.kind === 'text' ? [part.text] : []))).toEqual(
      sent.output.filter(({ type }) => type === 'message').flatMap(({ content }) => (content ?? []).map(({ text }) => text)),
    );
    expect(parts.flatMap((part) => (part.kind === 'toolCall' ? [[part.id, part.input]] : []))).toEqual(
      sent.output.filter(({ type }) => type === 'function_call').map((call) => [call.call_id, { json: call.arguments }]),
    );
    expect(counted).toMatchObject({
      input: sent.usage.input_tokens,
      output: sent.usage.output_tokens,
      cacheRead: sent.usage.input_tokens_details.cached_tokens,
    });
  });
  it('shows the client the model it asked for', () => expect(write(read(answers[0]?.body ?? ''))).toMatchObject({ model: 'the-model' }));
});

describe('a response object for another provider', () => {
  const request = {
    model: 'the-model',
    input: 'hi',
    instructions: 'Be brief.',
    temperature: 0.5,
    max_output_tokens: 9,
    metadata: { a: 'b' },
    store: true,
    tools: [{ type: 'function', name: 'f', parameters: {} }],
    tool_choice: 'auto',
    text: { format: { type: 'json_object' } },
    reasoning: { effort: 'low' },
  };
  it('has every member that strict clients read', () => {
    expect(write(reply([{ kind: 'text', text: 'hi' }]), {})).toEqual({
      id: 'resp_0123456789abcdef',
      object: 'response',
      created_at: 1_790_000_000,
      completed_at: 1_790_000_000,
      status: 'completed',
      background: false,
      error: null,
      incomplete_details: null,
      instructions: null,
      max_output_tokens: null,
      max_tool_calls: null,
      model: 'the-model',
      output: [
        {
          id: 'msg_0123456789abcdef00',
          type: 'message',
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: 'hi', annotations: [], logprobs: [] }],
        },
      ],
      parallel_tool_calls: true,
      previous_response_id: null,
      reasoning: { effort: null, summary: null },
      service_tier: null,
      store: false,
      temperature: 1,
      text: { format: { type: 'text' }, verbosity: 'medium' },
      tool_choice: 'auto',
      tools: [],
      top_logprobs: 0,
      top_p: 1,
      truncation: 'disabled',
      usage: {
        input_tokens: 9,
        input_tokens_details: { cached_tokens: 2, cache_write_tokens: 1 },
        output_tokens: 4,
        output_tokens_details: { reasoning_tokens: 1 },
        total_tokens: 13,
      },
      user: null,
      metadata: {},
    });
  });
  it('repeats what was asked, and that nothing was stored', () =>
    expect(write(reply([]), request)).toMatchObject({
      instructions: 'Be brief.',
      temperature: 0.5,
      max_output_tokens: 9,
      metadata: { a: 'b' },
      tools: request.tools,
      text: { format: { type: 'json_object' } },
      reasoning: { effort: 'low', summary: null },
      store: false,
    }));
  it.each([
    ['stop', 'completed', null],
    ['tool', 'completed', null],
    ['refusal', 'completed', null],
    ['pause', 'completed', null],
    ['length', 'incomplete', { reason: 'max_output_tokens' }],
    ['context', 'incomplete', { reason: 'max_output_tokens' }],
    ['filter', 'incomplete', { reason: 'content_filter' }],
  ] as const)('that finished as %s is %s', (finish, status, incomplete_details) =>
    expect(write(reply([], { choices: [{ index: 0, parts: [{ kind: 'text', text: 'x' }], finish }] }))).toMatchObject({
      status,
      incomplete_details,
      output: [{ status }],
    }),
  );
  it("does not write another surface's usage object", () => {
    const raw = { dialect: 'openai', json: '{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13}' };
    expect(write(reply([], { usage: { ...usage, raw } }))).toMatchObject({ usage: { input_tokens: 9, output_tokens: 4 } });
  });
  it('gives calls ids where the provider gave none', () =>
    expect(write(reply([{ kind: 'toolCall', id: '', name: 'f', input: { json: '{}' } }])).output).toMatchObject([
      { id: 'fc_0123456789abcdef00', call_id: 'call_0123456789abcdef00' },
    ]));
});

describe('reasoning of another vendor', () => {
  const origin = { dialect: 'acme', model: 'm-1', payload: { json: '{"signature":"c2ln","big":12345678901234567890}' } };
  const thinking: Part = { kind: 'thinking', text: 'Let me see.', redacted: false, origin };
  const included = { include: ['reasoning.encrypted_content'] };
  const turnsOf = (item: unknown): readonly Part[] => client.read(inbound({ model: 'm', input: [item] }), ledger()).turns[0]?.parts ?? [];
  const itemOf = (part: Part, body: object): Record<string, unknown> => (write(reply([part]), body).output as Record<string, unknown>[])[0] ?? {};

  it('comes back byte for byte', () => expect(turnsOf(itemOf(thinking, included))).toEqual([thinking]));
  it('comes back when it is redacted', () => {
    const redacted: Part = { kind: 'thinking', text: '', redacted: true, origin };
    expect(turnsOf(itemOf(redacted, included))).toEqual([redacted]);
  });
  it('shows its text as a summary, and no sealed part unless it was asked for', () => {
    expect(itemOf(thinking, {})).toEqual({ id: 'rs_0123456789abcdef00', type: 'reasoning', summary: [{ type: 'summary_text', text: 'Let me see.' }] });
    expect(itemOf(thinking, included)).toHaveProperty('encrypted_content');
  });
  it('that was tampered with anywhere is 400', () => {
    const item = itemOf(thinking, included);
    const sealed = String(item.encrypted_content);
    for (let at = sealed.indexOf('.') + 1; at < sealed.length; at += 7) {
      const changed = `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`;
      expect(() => turnsOf({ ...item, encrypted_content: changed })).toThrow(
        expect.objectContaining({ code: 'invalid_request', status: 400, param: 'input[0].encrypted_content' }),
      );
    }
  });
  it('that was sealed for something else is 400', () => {
    const foreign = `lpa1.${seal.seal('another purpose', Buffer.from('{}'))}`;
    expect(() => turnsOf({ type: 'reasoning', id: 'rs', summary: [], encrypted_content: foreign })).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    );
  });
});

describe('an answer that is none', () => {
  it.each([
    ['', 'upstream_bad_response'],
    ['<html></html>', 'upstream_bad_response'],
    ['[]', 'upstream_bad_response'],
    ['{}', 'upstream_bad_response'],
    ['{"object":"chat.completion","choices":[]}', 'upstream_bad_response'],
    ['{"error":{"code":"server_error","message":"m"}}', 'upstream_bad_response'],
    ['{"object":"response","status":"failed","output":[],"error":{"code":"rate_limit_exceeded","message":"m"}}', 'upstream_rate_limited'],
    ['{"object":"response","status":"failed","output":[],"error":{"code":"bio_policy","message":"m"}}', 'content_filtered'],
  ])('is an error: %s', (body, code) => expect(failureOf(body)).toEqual([code, expect.any(Number)]));
});

describe('the surfaces', () => {
  const surfaces = responsesSurfaces(seal);
  const routes = surfaces.flatMap((surface) => surface.routes.map((route) => `${route.method} ${route.pattern}`));
  it('have every route with and without /v1, once', () => {
    expect(routes.filter((route) => !route.includes(' /v1/')).sort()).toEqual([
      'DELETE /responses/{id}',
      'GET /responses/{id}',
      'GET /responses/{id}/input_items',
      'POST /responses',
      'POST /responses/compact',
      'POST /responses/input_tokens',
      'POST /responses/{id}/cancel',
    ]);
    expect(routes.filter((route) => route.includes(' /v1/')).length).toBe(7);
    expect(new Set(routes).size).toBe(routes.length);
  });
  it('bind what they store to its creator', () => {
    const used = ['/previous_response_id', '/conversation', '/conversation/id'];
    const made = ['/id', '/output/*/id', '/output/*/container_id', '/output/*/environment/container_id'];
    expect(surfaces.map(({ name, reach }) => [name, reach.class, reach.ids?.request, reach.ids?.reply])).toEqual([
      ['responses', 'inference', used, made],
      ['responses-input-tokens', 'inference', used, []],
      ['responses-compact', 'inference', used, made],
      ['responses-stored', 'stateful', ['{id}'], []],
    ]);
  });
  it('have recordings of refusals too', () => expect(recordings.filter(({ status }) => status >= 400).length).toBeGreaterThanOrEqual(2));
});
