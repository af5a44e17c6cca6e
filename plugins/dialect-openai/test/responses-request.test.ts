import type { ChatRequest, Part } from '@llm-proxy-auth/plugin';
import { isGatewayError, normal, stringifyJson, tracked } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { callOf, client, inbound, ledger, provider, recordings, translatable } from './responses-support.ts';

type Body = Readonly<Record<string, unknown>>;
const read = (body: Body): ChatRequest => client.read(inbound(body, body.stream === true), ledger());
const write = (request: ChatRequest, body: Body = {}): unknown =>
  provider.write(request, callOf(body, { model: String(body.model ?? 'm'), stream: body.stream === true })).body;
const back = (body: Body): string => stringifyJson(write(read(body), body));
const asked = (item: unknown): Body => ({ model: 'm', input: [item] });
const refusal = (body: Body): unknown => {
  try {
    read(body);
  } catch (e) {
    return isGatewayError(e) ? [e.code, e.status, e.param] : e;
  }
  return undefined;
};

describe('a request that is read and written again', () => {
  it('has recordings to work on', () => expect(translatable.length).toBeGreaterThanOrEqual(14));
  it.each(translatable)('is the same text: $name', ({ request }) => expect(back(request as Body)).toBe(stringifyJson(request)));

  const MESSAGES: readonly unknown[] = [
    { role: 'user', content: 'hi' },
    { content: 'hi', role: 'user' },
    { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'hi' }] },
    { role: 'user', content: [] },
    { role: 'user', content: '' },
    {
      role: 'user',
      content: [
        { type: 'input_text', text: 'a', prompt_cache_breakpoint: { mode: 'explicit' } },
        { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'low' },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'input_image', file_id: 'file_1', detail: 'auto' },
        { type: 'input_image', image_url: 'https://a.example/x.png' },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' },
        { type: 'input_file', file_url: 'https://a.example/a.pdf' },
        { type: 'input_file', file_id: 'file_2', detail: 'high' },
      ],
    },
    { role: 'user', content: [{ type: 'input_file', filename: 'a.pdf', file_data: 'AAAA' }] },
    { role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } }] },
    { role: 'assistant', content: 'said', phase: 'commentary' },
    {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      status: 'completed',
      content: [
        { type: 'output_text', text: 'x', annotations: [], logprobs: [] },
        { type: 'refusal', refusal: 'no' },
      ],
    },
    {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      status: 'incomplete',
      content: [{ type: 'output_text', text: 'x', annotations: [{ type: 'file_citation', file_id: 'f', filename: 'a', index: 1 }] }],
    },
    { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{"a": 1}', status: 'completed' },
    { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}', namespace: 'n', async: true },
    { type: 'function_call_output', call_id: 'call_1', output: 'done' },
    { type: 'function_call_output', call_id: 'call_1', output: '' },
    { type: 'function_call_output', call_id: 'call_1', output: [] },
    { type: 'function_call_output', id: 'fco_1', call_id: 'call_1', output: [{ type: 'input_text', text: 'done' }], status: 'completed', name: 'f' },
    { type: 'custom_tool_call', call_id: 'call_2', name: 'free', input: 'SELECT 1' },
    { type: 'custom_tool_call_output', call_id: 'call_2', output: 'done' },
    { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' },
    { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] },
    { type: 'reasoning', id: 'rs_1', summary: [], content: [{ type: 'reasoning_text', text: 'hm' }], status: 'completed' },
  ];
  it.each(MESSAGES)('keeps the item %j', (item) => expect(back(asked(item))).toBe(stringifyJson(asked(item))));
  it('keeps items that stand side by side apart', () => expect(back({ model: 'm', input: MESSAGES })).toBe(stringifyJson({ model: 'm', input: MESSAGES })));

  it.each([
    { text: { format: { type: 'text' }, verbosity: 'low' } },
    { text: { verbosity: 'low', format: { type: 'json_object' } } },
    { text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object' }, strict: null, description: 'd' } } },
    { text: {} },
    { reasoning: { effort: 'none' } },
    { reasoning: { summary: 'auto', effort: 'high', context: 'all_turns', mode: 'pro', generate_summary: null } },
    { max_output_tokens: 10, temperature: 0.5, top_p: 0.5, top_logprobs: 3, include: ['message.output_text.logprobs', 'reasoning.encrypted_content'] },
    { top_logprobs: 0 },
    { include: ['file_search_call.results'] },
    {
      store: true,
      background: false,
      truncation: 'auto',
      stream_options: { include_obfuscation: false },
      metadata: { a: 'b' },
      user: 'u',
      service_tier: 'flex',
    },
    {
      max_tool_calls: 3,
      safety_identifier: 's',
      prompt_cache_key: 'k',
      prompt_cache_retention: '24h',
      prompt_cache_options: { mode: 'explicit' },
      moderation: { model: 'x' },
    },
    { context_management: [{ type: 'compaction', compact_threshold: 1 }], access_programs: { cyber: 'standard' }, image: { context_compression: 'auto' } },
    { previous_response_id: null, conversation: null, prompt: null, temperature: null, instructions: null, tools: [], tool_choice: 'none' },
    { instructions: 'Be brief.', parallel_tool_calls: false, stream: true },
    { stream: false, unheard_of: { a: [1, 2.5, null] } },
    {
      tools: [{ type: 'function', name: 'f', parameters: { type: 'object', properties: {} }, strict: true, description: 'd' }],
      tool_choice: { type: 'function', name: 'f' },
    },
    { tools: [{ type: 'function', name: 'f', description: null, parameters: null, strict: null, output_schema: {}, defer_loading: true }] },
    {
      tools: [
        { type: 'custom', name: 'c', format: { type: 'grammar', syntax: 'lark', definition: 'start: "a"' } },
        { type: 'custom', name: 'd', format: { type: 'text' } },
      ],
      tool_choice: { type: 'custom', name: 'c' },
    },
    {
      tools: [
        { type: 'function', name: 'a', parameters: {} },
        { type: 'function', name: 'b', parameters: {} },
      ],
      tool_choice: { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'b' }] },
    },
  ])('keeps the members %j', (members) => {
    const body = { model: 'm', ...members, input: 'hi' };
    expect(back(body)).toBe(stringifyJson(body));
    expect(back({ ...members, input: [{ role: 'user', content: 'hi' }], model: 'm' })).toBe(
      stringifyJson({ ...members, input: [{ role: 'user', content: 'hi' }], model: 'm' }),
    );
  });
});

describe('a request that goes to a provider of this surface', () => {
  const native = (body: Body): string => {
    const call = callOf(body, { model: String(body.model ?? 'm'), stream: body.stream === true });
    return stringifyJson(provider.write(client.read(call.inbound, ledger(), call.endpoint), call).body);
  };
  it.each(recordings.filter(({ request }) => request !== null))('is the same text, hosted tools and all: $name', ({ request }) =>
    expect(native(request as Body)).toBe(stringifyJson(request)),
  );
  it.each<Body>([
    { model: 'm', previous_response_id: 'resp_1', input: 'hi' },
    { conversation: { id: 'conv_1' }, input: [{ id: 'msg_1' }, { type: 'item_reference', id: 'msg_2' }], model: 'm' },
    { model: 'm', background: true, store: true, input: 'hi', max_tool_calls: 3 },
    { model: 'm', prompt: { id: 'pmpt_1', version: '2', variables: { a: 'b' } } },
    {
      model: 'm',
      input: 'hi',
      tools: [
        { type: 'function', name: 'f', parameters: {} },
        { type: 'mcp', server_label: 's', server_url: 'https://a.example' },
      ],
      tool_choice: { type: 'mcp', server_label: 's' },
    },
    {
      model: 'm',
      input: 'hi',
      tools: [{ type: 'web_search' }, { type: 'function', name: 'f', parameters: {} }],
      tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'web_search' }] },
    },
    {
      model: 'm',
      input: [
        { type: 'computer_call_output', call_id: 'c', output: { type: 'computer_screenshot', image_url: 'x' } },
        { role: 'user', content: [{ type: 'unheard_of', x: 1 }] },
        { type: 'function_call_output', call_id: 'c', output: [{ type: 'unheard_of' }] },
      ],
    },
    {
      model: 'm',
      input: [
        { role: 'user', content: 'a' },
        { type: 'mcp_approval_response', approval_request_id: 'x', approve: true },
        { type: 'message', role: 'assistant', content: 'b' },
      ],
    },
  ])('keeps %j', (body) => expect(native(body)).toBe(stringifyJson(body)));
  it('is not native when the target is another surface', () => {
    const body = { model: 'm', input: 'hi', previous_response_id: 'resp_1' };
    const { inbound: asked, endpoint } = callOf(body);
    for (const target of [
      { ...endpoint, surface: 'chat' },
      { ...endpoint, dialect: 'acme' },
    ]) {
      expect(() => client.read(asked, ledger(), target)).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param: 'previous_response_id' }));
    }
  });
});

describe('a conversation', () => {
  it('groups what the model did between two inputs into one turn, and results into one', () => {
    const { turns } = read({
      model: 'm',
      instructions: 'Be brief.',
      input: [
        { role: 'user', content: 'hi' },
        { type: 'reasoning', id: 'rs', summary: [] },
        { role: 'assistant', content: 'I look.' },
        { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}' },
        { type: 'custom_tool_call', call_id: 'c2', name: 'g', input: 'x' },
        { type: 'function_call_output', call_id: 'c1', output: 'one' },
        { type: 'custom_tool_call_output', call_id: 'c2', output: 'two' },
        { role: 'user', content: 'and?' },
      ],
    });
    expect(turns.map(({ role, parts }) => [role, parts.map((part) => part.kind)])).toEqual([
      ['system', ['text']],
      ['user', ['text']],
      ['assistant', ['thinking', 'text', 'toolCall', 'toolCall']],
      ['user', ['toolResult', 'toolResult']],
      ['user', ['text']],
    ]);
  });
  it('has its parameters under the names of the model', () => {
    const request = read({
      model: 'm',
      input: 'hi',
      max_output_tokens: 7,
      temperature: 0.1,
      top_p: 0.2,
      reasoning: { effort: 'low', summary: 'auto' },
      text: { format: { type: 'json_schema', name: 'n', schema: { a: 1 }, strict: true }, verbosity: 'low' },
      tools: [{ type: 'function', name: 'f', parameters: { type: 'object' } }],
      tool_choice: 'required',
      parallel_tool_calls: false,
      top_logprobs: 2,
      user: 'u',
      service_tier: 'flex',
      metadata: { a: 'b' },
      safety_identifier: 's',
      store: true,
    });
    expect(normal(request)).toEqual({
      turns: [{ role: 'user', parts: [{ kind: 'text', text: 'hi' }] }],
      maxTokens: 7,
      sampling: { temperature: 0.1, topP: 0.2 },
      reasoning: { effort: 'low', summary: 'auto' },
      output: { name: 'n', schema: { a: 1 }, strict: true },
      tools: [{ kind: 'function', name: 'f', schema: { type: 'object' } }],
      toolChoice: 'required',
      parallelTools: false,
      logprobs: 2,
      user: 'u',
      tier: 'flex',
      metadata: { a: 'b' },
      verbosity: 'low',
      choices: 1,
      rest: { from: 'openai.responses', fields: { safety_identifier: 's' } },
    });
  });
  it('shows the model only the tools that allowed_tools names', () => {
    const tools = ['a', 'b', 'c'].map((name) => ({ type: 'function', name, parameters: {} }));
    const request = read({ model: 'm', input: 'hi', tools, tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'b' }] } });
    expect(request.tools.map((tool) => tool.kind !== 'server' && tool.name)).toEqual(['b']);
    expect(request.toolChoice).toBe('auto');
  });
  it('lets the ledger see what another provider loses, and nothing of the spelling', () => {
    const body = {
      stream: false,
      store: false,
      include: ['reasoning.encrypted_content'],
      truncation: 'disabled',
      temperature: null,
      text: { format: { type: 'text' }, verbosity: 'low' },
      metadata: { a: 'b' },
      input: [
        {
          type: 'message',
          id: 'msg_1',
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: 'x', annotations: [], logprobs: [] }],
          phase: 'commentary',
        },
        { type: 'function_call', id: 'fc_1', status: 'completed', call_id: 'c', name: 'f', arguments: '{}' },
      ],
      model: 'm',
    };
    const again = tracked(read(body));
    write(again.value, body);
    expect(again.unread()).toEqual([]);
    const { value, unread } = tracked(read(body));
    for (const turn of value.turns)
      for (const part of turn.parts)
        void [turn.role, part.kind, part.kind === 'text' && part.text, part.kind === 'toolCall' && [part.id, part.name, part.input]];
    expect(unread()).toEqual(['metadata', 'turns.parts.rest.phase', 'verbosity']);
  });
  it.each([
    ['a text that is the whole input', { model: 'm', instructions: 'i', input: 'x' }],
    [
      'an annotation without all its members',
      {
        model: 'm',
        input: [
          {
            type: 'message',
            role: 'assistant',
            content: [
              { type: 'output_text', text: 'a', annotations: [{ type: 'url_citation', url: 'https://x', title: 't', start_index: 0, end_index: 1, more: 1 }] },
            ],
          },
          { role: 'user', content: 'y' },
        ],
      },
    ],
  ])('is looked at wholly on its way back: %s', (_title, body) => {
    const watched = tracked(read(body));
    write(watched.value, body);
    expect(watched.unread()).toEqual([]);
  });
});

describe('a conversation that was changed on the way', () => {
  const SECRET = 'secret words';
  const changed = (part: Part): Part => {
    if (part.kind === 'text' || part.kind === 'refusal') return { ...part, text: 'gone' };
    if (part.kind === 'toolCall') return { ...part, input: 'json' in part.input ? { json: '{}' } : { text: 'gone' } };
    return part.kind === 'toolResult' ? { ...part, parts: part.parts.map(changed) } : part;
  };
  it('is written as it was changed, whatever its spelling was', () => {
    const body = {
      model: 'm',
      instructions: SECRET,
      input: [
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: SECRET }] },
        { content: SECRET, role: 'developer' },
        {
          id: 'msg_1',
          type: 'message',
          role: 'assistant',
          status: 'completed',
          content: [{ text: SECRET, type: 'output_text', annotations: [], logprobs: [] }],
          phase: 'x',
        },
        { role: 'assistant', content: [{ type: 'refusal', refusal: SECRET }] },
        { id: 'fc_1', type: 'function_call', call_id: 'c1', name: 'f', arguments: SECRET },
        { type: 'custom_tool_call', call_id: 'c2', name: 'g', input: SECRET },
        { type: 'function_call_output', id: 'x', call_id: 'c1', output: [{ type: 'input_text', text: SECRET }] },
        { type: 'custom_tool_call_output', call_id: 'c2', output: SECRET },
      ],
    };
    const request = read(body);
    const wrote = stringifyJson(write({ ...request, turns: request.turns.map((turn) => ({ ...turn, parts: turn.parts.map(changed) })) }, body));
    expect(wrote).not.toContain(SECRET);
    expect(wrote.match(/gone/g)).toHaveLength(8);
  });
});

describe('a conversation from another surface', () => {
  const plain = (parts: readonly Part[], role: 'user' | 'assistant' = 'user'): ChatRequest => ({ turns: [{ role, parts }], tools: [], choices: 1 });
  it('is not stored, and reasoning is asked for in a form that can be sent back', () => {
    expect(write(plain([{ kind: 'text', text: 'hi' }]))).toEqual({ model: 'm', input: [{ role: 'user', content: 'hi' }], store: false });
    expect(write({ ...plain([{ kind: 'text', text: 'hi' }]), reasoning: { effort: 'low' } })).toMatchObject({
      store: false,
      include: ['reasoning.encrypted_content'],
    });
  });
  it('has tools that are not strict unless it says so, which is what its client means', () => {
    const notes = ledger();
    const request = { ...plain([{ kind: 'text', text: 'hi' }]), tools: [{ kind: 'function', name: 'f', schema: {} }] } satisfies ChatRequest;
    expect(provider.write(request, callOf({}, { ledger: notes })).body).toMatchObject({ tools: [{ strict: false }] });
    expect(notes.notes).toEqual([]);
  });
  it('loses what the model refuses, by name, and gets an effort for a budget', () => {
    const notes = ledger();
    const request: ChatRequest = {
      ...plain([{ kind: 'text', text: 'hi' }]),
      sampling: { temperature: 0.2 },
      reasoning: { budget: 20_000, summary: 'auto' },
      logprobs: 2,
    };
    expect(provider.write(request, callOf({}, { model: 'gpt-5-mini', ledger: notes })).body).toEqual({
      model: 'gpt-5-mini',
      input: [{ role: 'user', content: 'hi' }],
      reasoning: { effort: 'high', summary: 'auto' },
      store: false,
      include: ['reasoning.encrypted_content'],
    });
    expect(notes.notes.map(({ kind, param }) => `${kind} ${param}`).sort()).toEqual([
      'emulated reasoning.budget',
      'ignored logprobs',
      'ignored logprobs',
      'ignored sampling.temperature',
    ]);
  });
  it('keeps its rest to itself', () => {
    const request: ChatRequest = {
      ...plain([{ kind: 'text', text: 'hi', rest: { item: { set: { a: 1 } }, id: 'x' } }]),
      rest: { from: 'openai.chat', fields: { prediction: {} } },
    };
    expect(write(request)).toEqual({ model: 'm', input: [{ role: 'user', content: 'hi' }], store: false });
  });
  it('puts results before what the user says', () => {
    const request = plain([
      { kind: 'text', text: 'and?' },
      { kind: 'toolResult', id: 'c', parts: [], failed: false },
    ]);
    expect(write(request)).toMatchObject({
      input: [
        { type: 'function_call_output', call_id: 'c', output: '' },
        { role: 'user', content: 'and?' },
      ],
    });
  });
  it.each<[string, Part]>([
    ['video', { kind: 'video', media: { url: 'https://a.example/x.mp4' } }],
    ['opaque', { kind: 'opaque', origin: { dialect: 'acme', payload: { json: '{"type":"x"}' } } }],
  ])('notes a part of kind %s', (kind, part) => {
    const notes = ledger();
    expect(provider.write(plain([{ kind: 'text', text: 'hi' }, part]), callOf({}, { model: 'm', ledger: notes })).body).toMatchObject({
      input: [{ content: 'hi' }],
    });
    expect(notes.notes).toEqual([{ kind: 'ignored', param: `turns.parts.${kind}` }]);
  });
  it('notes thinking that another vendor signed', () => {
    const notes = ledger();
    const thinking: Part = { kind: 'thinking', text: 'hm', redacted: false, origin: { dialect: 'acme', payload: { json: '{}' } } };
    expect(provider.write(plain([thinking], 'assistant'), callOf({}, { model: 'm', ledger: notes })).body).toMatchObject({ input: [] });
    expect(notes.notes).toEqual([{ kind: 'ignored', param: 'turns.parts.thinking' }]);
  });
  it("refuses another vendor's server tool", () => {
    const request: ChatRequest = {
      ...plain([{ kind: 'text', text: 'hi' }]),
      tools: [{ kind: 'server', origin: { dialect: 'acme', payload: { json: '{"type":"web"}' } } }],
    };
    expect(() => write(request)).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param: 'tools' }));
  });
});

describe('what needs state or a hosted tool', () => {
  it.each<[Body, string]>([
    [{ previous_response_id: 'resp_1' }, 'previous_response_id'],
    [{ conversation: 'conv_1' }, 'conversation'],
    [{ conversation: { id: 'conv_1' } }, 'conversation'],
    [{ background: true }, 'background'],
    [{ prompt: { id: 'pmpt_1' } }, 'prompt'],
    [{ input: [{ type: 'item_reference', id: 'msg_1' }] }, 'input[0].id'],
    [{ input: [{ id: 'msg_1' }] }, 'input[0].id'],
    [
      {
        input: [
          { role: 'user', content: 'a' },
          { type: 'web_search_call', id: 'ws_1', status: 'completed' },
        ],
      },
      'input[1].type',
    ],
    [{ input: [{ role: 'user', content: [{ type: 'computer_screenshot' }] }] }, 'input[0].content[0].type'],
    [{ tools: [{ type: 'function', name: 'f', parameters: {} }, { type: 'web_search' }] }, 'tools[1].type'],
    [{ tool_choice: { type: 'mcp', server_label: 'x' } }, 'tool_choice.type'],
  ])('is refused by name: %j', (members, param) => expect(refusal({ model: 'm', input: 'hi', ...members })).toEqual(['unsupported_parameter', 400, param]));
});

describe('a body that makes no sense', () => {
  it.each<[unknown, string]>([
    [{ model: 'm' }, 'input'],
    [{ input: 7 }, 'input'],
    [{ input: ['x'] }, 'input[0]'],
    [{ input: 'hi', tools: {} }, 'tools'],
    [{ input: 'hi', tools: [{ type: 'function' }] }, 'tools[0].name'],
    [{ input: 'hi', instructions: [] }, 'instructions'],
    [{ input: [{ role: 'king', content: 'x' }] }, 'input[0].role'],
    [{ input: [{ role: 'user' }] }, 'input[0].content'],
    [{ input: [{ type: 'function_call_output', output: 'x' }] }, 'input[0].call_id'],
    [{ input: [{ type: 'function_call', call_id: 'x' }] }, 'input[0]'],
    [{ input: [{ role: 'user', content: [{ type: 'input_image' }] }] }, 'input[0].content[0]'],
    [[], 'body'],
    [
      asked({
        role: 'user',
        content: [
          { type: 'input_text', text: 5 },
          { type: 'input_text', text: 'hi' },
        ],
      }),
      'input[0].content[0].text',
    ],
    [asked({ role: 'user', content: [{ type: 'input_text' }, { type: 'input_text', text: 'hi' }] }), 'input[0].content[0].text'],
    [asked({ role: 'assistant', content: [{ type: 'output_text', text: null }] }), 'input[0].content[0].text'],
    [asked({ role: 'assistant', content: [{ type: 'refusal' }] }), 'input[0].content[0].refusal'],
    [asked({ type: 'function_call', call_id: 'c', name: 'f', arguments: {} }), 'input[0].arguments'],
    [asked({ type: 'custom_tool_call', call_id: 'c', name: 'f', input: { a: 1 } }), 'input[0].input'],
  ])('is refused by name: %j', (body, param) => expect(refusal(body as Body)).toEqual(['invalid_request', 400, param]));
});
