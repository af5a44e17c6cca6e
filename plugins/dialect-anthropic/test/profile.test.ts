import { type ChatEvent, type ChatRequest, collect, eventStreamMessage } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { fitBetas } from '../src/messages/betas.ts';
import { PROFILES } from '../src/messages/profile.ts';
import { type CallWanted, callOf, eventsOf, type Fields, inboundOf, ledger, messagesClient, messagesProvider, type Note, written } from './support.ts';

const BODY: Fields = { model: 'claude-opus-4-6', max_tokens: 100, stream: true, messages: [{ role: 'user', content: 'Hello' }] };
interface Sent {
  readonly body: Fields;
  readonly headers: readonly string[];
  readonly notes: readonly Note[];
}
/** What this dialect's own client sends, on its way to a cloud. */
const sent = (profile: string, more: Fields = {}, headers: readonly string[] = [], capabilities: CallWanted['capabilities'] = {}): Sent => {
  const body = { ...BODY, ...more };
  const notes = ledger();
  const inbound = { ...inboundOf(body), headers };
  const call: CallWanted = { profile, capabilities: capabilities ?? {}, model: 'cloud-model', stream: body.stream === true, inbound, ledger: notes };
  const out = messagesProvider.write(messagesClient.read(inbound, ledger()), callOf(body, call));
  return { body: JSON.parse(JSON.stringify(out.body)), headers: out.headers ?? [], notes: notes.notes };
};
const refusalOf = (profile: string, more: Fields): unknown => {
  try {
    return sent(profile, more);
  } catch (failure) {
    return failure;
  }
};

describe('without a profile', () => {
  it('the body is what the client sent, with the model of the provider', () => {
    const { body, headers } = sent('', { anthropic_beta: ['x'], speed: 'fast' }, ['anthropic-beta', 'files-api-2025-04-14']);
    expect(body).toEqual({ ...BODY, model: 'cloud-model', anthropic_beta: ['x'], speed: 'fast' });
    expect(headers).toEqual([]);
  });
});
describe('bedrock-invoke', () => {
  const betas = ['anthropic-beta', 'context-1m-2025-08-07, files-api-2025-04-14', 'anthropic-beta', 'advanced-tool-use-2025-11-20'];

  it('has its version in the body, and neither model nor stream', () => {
    expect(sent('bedrock-invoke').body).toEqual({ anthropic_version: 'bedrock-2023-05-31', max_tokens: 100, messages: BODY.messages });
  });
  it('has the betas it takes in the body, in its own names, and names the others', () => {
    const { body, headers, notes } = sent('bedrock-invoke', {}, betas);
    expect(body.anthropic_beta).toEqual(['context-1m-2025-08-07', 'tool-search-tool-2025-10-19']);
    expect(headers).toEqual([]);
    expect(notes).toContainEqual({ kind: 'ignored', param: 'rest.fields.anthropic_beta' });
  });
  it('leaves out what only the vendor’s own API takes, with a note for each, and what asks for nothing without one', () => {
    const alone = {
      service_tier: 'auto',
      inference_geo: 'us',
      container: 'c',
      diagnostics: { previous_message_id: 'm' },
      mcp_servers: [{ type: 'url', name: 'x', url: 'u' }],
      speed: 'standard',
    };
    const { body, notes } = sent('bedrock-invoke', { ...alone, metadata: { user_id: 'u' } });
    expect(Object.keys(body).sort()).toEqual(['anthropic_version', 'max_tokens', 'messages', 'metadata']);
    expect(notes.map(({ param }) => param).sort()).toEqual([
      'rest.fields.container',
      'rest.fields.diagnostics',
      'rest.fields.inference_geo',
      'rest.fields.mcp_servers',
      'tier',
    ]);
  });
  it('keeps a field with its beta and drops it without', () => {
    const context_management = { edits: [] };
    expect(sent('bedrock-invoke', { context_management }, ['anthropic-beta', 'context-management-2025-06-27']).body).toMatchObject({ context_management });
    const { body, notes } = sent('bedrock-invoke', { context_management });
    expect(body).not.toHaveProperty('context_management');
    expect(notes).toContainEqual({ kind: 'ignored', param: 'rest.fields.context_management' });
  });
  it('asks for eager input by a beta, and plain hints only', () => {
    const tool = { name: 'f', input_schema: { type: 'object' }, eager_input_streaming: true, cache_control: { type: 'ephemeral', scope: 'global', ttl: '1h' } };
    const { body, notes } = sent('bedrock-invoke', {
      tools: [tool],
      system: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral', scope: 'global' } }],
    });
    for (const param of ['tools.cache', 'turns.parts.cache']) expect(notes).toContainEqual({ kind: 'ignored', param });
    expect(body.tools).toEqual([{ name: 'f', input_schema: { type: 'object' }, cache_control: { type: 'ephemeral', ttl: '1h' } }]);
    expect(body.anthropic_beta).toEqual(['fine-grained-tool-streaming-2025-05-14']);
    expect(body.system).toEqual([{ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }]);
  });
  it('has no server tools, which are refused where they may be called, and nothing to choose from without any', () => {
    const tools = [{ type: 'web_search_20250305', name: 'web_search' }];
    for (const choice of [{}, { tool_choice: { type: 'auto' } }, { tool_choice: { type: 'tool', name: 'web_search' } }])
      expect(refusalOf('bedrock-invoke', { tools, ...choice })).toMatchObject({ code: 'unsupported_parameter', param: 'tools' });
    const { body, notes } = sent('bedrock-invoke', { tools, tool_choice: { type: 'none' } });
    expect(body).not.toHaveProperty('tools');
    expect(body).not.toHaveProperty('tool_choice');
    expect(notes).toContainEqual({ kind: 'ignored', param: 'tools' });
    const bash = { type: 'bash_20250124', name: 'bash' };
    expect(sent('bedrock-invoke', { tools: [bash] }).body.tools).toEqual([bash]);
  });
  it('puts later system turns behind the prompt', () => {
    const { body, notes } = sent('bedrock-invoke', {
      system: 'One.',
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'system', content: 'Two.' },
        { role: 'user', content: 'Go' },
      ],
    });
    expect(body.system).toEqual([
      { type: 'text', text: 'One.' },
      { type: 'text', text: 'Two.' },
    ]);
    expect((body.messages as readonly Fields[]).map(({ role }) => role)).toEqual(['user', 'user']);
    expect(notes).toContainEqual({ kind: 'emulated', param: 'turns' });
  });
  const added = { role: 'system', content: [{ type: 'tool_addition', tool: { name: 'x', input_schema: { type: 'object' } } }] };
  it.each([
    ['an effort', { role: 'system', output_config: { effort: 'low' } }, 'mid-conversation-output-config-2026-07-01', 'turns.rest.output_config'],
    ['a tool', added, 'mid-conversation-tool-changes-2026-07-01', 'turns.parts.origin'],
    ['an end', { role: 'system', content: 'Two.', clear_at: 'next_user_message' }, undefined, 'turns.rest.clear_at'],
  ] as const)('leaves a later system turn with %s where its beta is taken, else says that it is lost', (_name, turn, beta, param) => {
    const messages = [{ role: 'user', content: 'Hi' }, turn, { role: 'user', content: 'Go' }];
    if (beta !== undefined) {
      const { body, notes } = sent('bedrock-invoke', { messages, anthropic_beta: [beta] });
      expect([body.messages, body.system, notes]).toEqual([messages, undefined, []]);
    }
    for (const profile of ['bedrock-invoke', 'vertex']) {
      const { body, notes } = sent(profile, { messages });
      expect((body.messages as readonly Fields[]).map(({ role }) => role)).toEqual(['user', 'user']);
      expect(body.system).toEqual(beta === undefined ? [{ type: 'text', text: 'Two.' }] : undefined);
      expect(notes).toContainEqual({ kind: 'ignored', param });
    }
  });
  it.each([
    ['an image by URL', { type: 'image', source: { type: 'url', url: 'https://i.example/a.png' } }],
    ['a document by file id', { type: 'document', source: { type: 'file', file_id: 'file_1' } }],
    [
      'an image inside a result',
      { type: 'tool_result', tool_use_id: 'a', content: [{ type: 'image', source: { type: 'url', url: 'https://i.example/a.png' } }] },
    ],
    [
      'an image inside a document',
      { type: 'document', source: { type: 'content', content: [{ type: 'image', source: { type: 'file', file_id: 'file_1' } }] } },
    ],
  ])('refuses %s, by name', (_name, one) => {
    expect(refusalOf('bedrock-invoke', { messages: [{ role: 'user', content: [one] }] })).toMatchObject({
      code: 'unsupported_parameter',
      param: 'turns.parts.media',
    });
  });
  it('gets requests of other dialects in the same form', () => {
    const request: ChatRequest = { turns: [{ role: 'user', parts: [{ kind: 'text', text: 'Hi' }] }], tools: [], choices: 1, tier: 'auto' };
    expect(written(request, { profile: 'bedrock-invoke', model: 'us.anthropic.claude-opus-4-6' }).body).toEqual({
      anthropic_version: 'bedrock-2023-05-31',
      max_tokens: 128_000,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
    });
  });
});
describe('vertex', () => {
  it('has its version and stream in the body, betas in a header, and URLs', () => {
    const image = { type: 'image', source: { type: 'url', url: 'https://i.example/a.png' } };
    const { body, headers } = sent('vertex', { messages: [{ role: 'user', content: [image] }] }, ['anthropic-beta', 'context-1m-2025-08-07,skills-2025-10-02']);
    expect(body).toEqual({ anthropic_version: 'vertex-2023-10-16', max_tokens: 100, stream: true, messages: [{ role: 'user', content: [image] }] });
    expect(headers).toEqual(['anthropic-beta', 'context-1m-2025-08-07']);
  });
  const format = { type: 'json_schema', schema: { type: 'object', properties: {}, additionalProperties: false } };
  it('has a format under its new name, and the new one where there are both', () => {
    const { body, notes } = sent('vertex', { output_format: format, output_config: { effort: 'low' } });
    expect([body.output_format, body.output_config, notes]).toEqual([undefined, { effort: 'low', format }, []]);
    const both = sent('vertex', { output_format: { ...format, type: 'other' }, output_config: { format } }).body;
    expect([both.output_format, both.output_config]).toEqual([undefined, { format }]);
  });
  it('names a format that the model does not know there', () => {
    const { body, notes } = sent('vertex', { output_format: format }, [], { jsonSchema: 'tool' });
    expect([body.output_format, body.output_config]).toEqual([undefined, undefined]);
    expect(notes).toEqual([{ kind: 'ignored', param: 'rest.fields.output_format' }]);
  });
});
describe('the table of betas', () => {
  it('lets everything pass to the vendor itself, once', () => {
    expect(fitBetas(['a', 'b', 'a'], 'anthropic')).toEqual({ kept: ['a', 'b'], left: [] });
  });
  it('leaves out at Vertex what it was seen to refuse, and has its own word for another', () => {
    const refused = ['effort-2025-11-24', 'prompt-caching-scope-2026-01-05', 'structured-outputs-2025-11-13', 'fine-grained-tool-streaming-2025-05-14'];
    expect(fitBetas([...refused, 'advanced-tool-use-2025-11-20', 'context-1m-2025-08-07'], 'vertex')).toEqual({
      kept: ['tool-search-tool-2025-10-19', 'context-1m-2025-08-07'],
      left: refused,
    });
  });
  it.each(Object.keys(PROFILES) as (keyof typeof PROFILES)[])('holds for %s what fields of the profile need', (name) => {
    const needed = Object.values(PROFILES[name].withBeta);
    expect(fitBetas(needed, name)).toEqual({ kept: needed, left: [] });
  });
});

const message = (headers: Readonly<Record<string, string>>, payload: unknown): Buffer =>
  Buffer.from(eventStreamMessage(headers, Buffer.from(JSON.stringify(payload))));
const chunk = (event: Fields): Buffer =>
  message(
    { ':event-type': 'chunk', ':content-type': 'application/json', ':message-type': 'event' },
    { bytes: Buffer.from(JSON.stringify(event)).toString('base64'), p: 'abcdefgh' },
  );
const EVENTS: readonly Fields[] = [
  { type: 'message_start', message: { id: 'msg_bdrk_1', model: 'claude', content: [], usage: { input_tokens: 3, output_tokens: 1 } } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Grüße 🔑' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } },
];
const METRICS = { inputTokenCount: 3, outputTokenCount: 5, invocationLatency: 10, firstByteLatency: 2 };
const LAST: Fields = { type: 'message_stop', 'amazon-bedrock-invocationMetrics': METRICS };
const framed = (pieces: readonly Buffer[]): readonly ChatEvent[] => eventsOf(pieces, 'aws-eventstream');

describe('events inside an AWS event stream', () => {
  const frames = [...EVENTS, LAST].map(chunk);
  it('are the same answer, however the bytes are cut', () => {
    const whole = framed(frames);
    expect(collect(whole)).toMatchObject({ id: 'msg_bdrk_1', choices: [{ parts: [{ text: 'Grüße 🔑' }], finish: 'stop' }], usage: { input: 3, output: 5 } });
    const bytes = Buffer.concat(frames);
    for (const size of [1, 7, 64, bytes.length]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
      expect(framed(pieces)).toEqual(whole);
    }
  });
  it('say the usage by the cloud’s measurements where the vendor says none', () => {
    const bare = [
      { type: 'message_start', message: { id: 'm', model: 'c', content: [] } },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' } },
      LAST,
    ];
    expect(collect(framed(bare.map(chunk))).usage).toMatchObject({ input: 3, output: 5 });
  });
  it('are no answer when they stop before their end', () => {
    for (let length = 0; length < frames.length; length++) expect(framed(frames.slice(0, length)).some(({ type }) => type === 'end')).toBe(false);
  });
  it.each([
    ['throttlingException', 'upstream_rate_limited'],
    ['serviceUnavailableException', 'upstream_overloaded'],
    ['modelTimeoutException', 'upstream_timeout'],
    ['validationException', 'upstream_rejected'],
    ['modelStreamErrorException', 'upstream_bad_response'],
    ['internalServerException', 'upstream_bad_response'],
  ])('end with an error when %s comes', (name, code) => {
    const exception = message({ ':exception-type': name, ':content-type': 'application/json', ':message-type': 'exception' }, { message: 'Too much' });
    expect(framed([...frames.slice(0, 3), exception]).at(-1)).toMatchObject({ type: 'error', error: { code, message: 'Too much' } });
  });
  it('end with an error when a message of errors comes', () => {
    const error = Buffer.from(eventStreamMessage({ ':message-type': 'error', ':error-code': 'InternalError', ':error-message': 'Broken' }, new Uint8Array()));
    expect(framed([...frames.slice(0, 2), error]).at(-1)).toMatchObject({ type: 'error', error: { code: 'upstream_bad_response', message: 'Broken' } });
  });
  it('cannot be read without their bytes', () => {
    const odd = message({ ':event-type': 'chunk', ':message-type': 'event' }, { p: 'abc' });
    expect(framed([odd]).at(-1)).toMatchObject({ type: 'error', error: { code: 'upstream_bad_response' } });
  });
});
