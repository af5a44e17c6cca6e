import { afterEach, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});
const MODELS = {
  anthropic: 'claude-sonnet-4-6',
  bedrock: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
  vertex: 'gemini-2.5-flash',
  watsonx: 'openai/gpt-oss-120b',
  oci: 'openai.gpt-oss-120b',
} as const;
type Vendor = keyof typeof MODELS;
const DIALECTS = ['openai', 'anthropic', 'converse', 'gemini'].map((name) => `@llm-proxy-auth/dialect-${name}`);
const HELLO = { role: 'user', content: 'Hi' } as const;
const open = async (vendor: Vendor | 'openai' | 'azure'): Promise<Bench> => {
  bench = await openBench({ vendor, plugins: DIALECTS, sections: { retry: { attempts: 1 } } });
  return bench;
};
const post = (of: Bench, path: string, body: object): Promise<Response> =>
  fetch(`${of.url}${path}`, { method: 'POST', headers: { authorization: `Bearer ${of.key}`, 'content-type': 'application/json' }, body: JSON.stringify(body) });
const sentTo = (of: Bench): Record<string, unknown> => JSON.parse(Buffer.from(of.simulator.requests.at(-1)?.body ?? '{}').toString());
const responses = (vendor: Vendor, tools: readonly object[], more: object = {}) => ({ model: MODELS[vendor], input: 'Who won?', tools, ...more });

describe('tools that run at OpenAI', () => {
  test.each(Object.keys(MODELS) as Vendor[])('are refused by name where the provider is %s', async (vendor) => {
    const of = await open(vendor);
    for (const tool of [
      { type: 'file_search', vector_store_ids: ['v'] },
      { type: 'code_interpreter', container: { type: 'auto' } },
      { type: 'image_generation' },
      { type: 'mcp', server_label: 'x', server_url: 'https://x.example' },
      { type: 'computer_use_preview' },
      ...(vendor === 'vertex' || vendor === 'oci' ? [] : [{ type: 'web_search' }, { type: 'web_search_preview' }]),
    ]) {
      const answer = await post(of, '/openai/main/v1/responses', responses(vendor, [tool]));
      const { error } = (await answer.json()) as { error: { param: string; code: string; message: string } };
      expect([answer.status, error.code, error.param, error.message.includes(`"${tool.type}"`)]).toEqual([400, 'unsupported_parameter', 'tools[0].type', true]);
    }
    expect(of.simulator.requests).toHaveLength(0);
  });
});

describe('tools that run at Anthropic, Google or AWS, searches, and guardrails', () => {
  const others = { openai: 'gpt-4o', azure: 'gpt-4o', ...MODELS } as const;
  test.each(Object.keys(others) as (keyof typeof others)[])('are refused by name where the provider is %s and has none', async (vendor) => {
    const of = await open(vendor);
    const model = others[vendor];
    const tools = [{ name: 'f', input_schema: { type: 'object' } }];
    const anthropic = (type: string) =>
      ['/anthropic/main/v1/messages', { model, max_tokens: 50, messages: [HELLO], tools: [...tools, { type, name: 'x' }] }, type] as const;
    const gemini = (tool: string) =>
      [
        `/gemini/main/v1beta/models/${model}:generateContent`,
        { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }], tools: [{ [tool]: {} }] },
        tool,
      ] as const;
    const system = { messages: [{ role: 'user', content: [{ text: 'Hi' }] }], toolConfig: { tools: [{ systemTool: { name: 'nova_grounding' } }] } };
    const servers = { model, max_tokens: 50, messages: [HELLO], mcp_servers: [{ type: 'url', name: 'x', url: 'https://x.example' }] };
    const armor = { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }], modelArmorConfig: { promptTemplateName: 'projects/p/locations/l/templates/t' } };
    const kept = { contents: armor.contents, cachedContent: 'projects/p/locations/l/cachedContents/1' };
    const guarded = { messages: system.messages, guardrailConfig: { guardrailIdentifier: 'gr', guardrailVersion: '1' } };
    const data = { model, messages: [HELLO], data_sources: [{ type: 'azure_search', parameters: { index_name: 'x' } }] };
    const converse = `/converse/main/model/${encodeURIComponent(model)}/converse`;
    const asked = [
      ...(vendor === 'anthropic' ? [] : [['/anthropic/main/v1/messages', servers, 'mcp_servers'] as const]),
      ...(vendor === 'vertex' ? [] : [[`/gemini/main/v1beta/models/${model}:generateContent`, armor, 'modelArmorConfig'] as const]),
      ...(vendor === 'vertex' ? [] : [[`/gemini/main/v1beta/models/${model}:generateContent`, kept, 'cachedContent'] as const]),
      ...(vendor === 'bedrock' ? [] : [[converse, guarded, 'guardrailConfig'] as const]),
      ...(vendor === 'openai' || vendor === 'azure' ? [] : [['/openai/main/v1/chat/completions', data, 'data_sources'] as const]),
      ...(vendor === 'anthropic' ? [] : [anthropic('code_execution_20250825')]),
      ...(vendor === 'anthropic' || vendor === 'bedrock' ? [] : [anthropic('bash_20250124')]),
      ...(vendor === 'vertex' ? [] : [gemini('codeExecution'), gemini('urlContext')]),
      ...(vendor === 'bedrock' ? [] : [[converse, system, 'systemTool'] as const]),
    ];
    for (const [path, body, word] of asked) {
      const answer = await post(of, path, body);
      expect([path, answer.status, answer.headers.get('x-lpa-code'), (await answer.text()).includes(word)]).toEqual([path, 400, 'unsupported_parameter', true]);
    }
    if (vendor === 'anthropic' || vendor === 'bedrock' || vendor === 'watsonx') {
      const answer = await post(of, '/openai/main/v1/chat/completions', { model, messages: [HELLO], web_search_options: {} });
      const { error } = (await answer.json()) as { error: { param: string } };
      expect([answer.status, error.param]).toEqual([400, 'web_search_options']);
    }
    expect(of.simulator.requests).toHaveLength(0);
  });
});

const GROUNDED = {
  candidates: [
    {
      content: { role: 'model', parts: [{ text: 'Spain won.' }] },
      finishReason: 'STOP',
      groundingMetadata: {
        webSearchQueries: ['who won'],
        groundingChunks: [{ web: { uri: 'https://news.example/final', title: 'The final' } }],
        groundingSupports: [{ segment: { startIndex: 0, endIndex: 10, text: 'Spain won.' }, groundingChunkIndices: [0] }],
      },
    },
  ],
  usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 3, totalTokenCount: 7, toolUsePromptTokenCount: 0 },
  modelVersion: 'gemini-2.5-flash',
};
describe('a search of the web', () => {
  test.each(['web_search', 'web_search_2025_08_26', 'web_search_preview', 'web_search_preview_2025_03_11'])(
    'asked for as %s is one of Gemini',
    async (type) => {
      const of = await open('vertex');
      const answer = await post(
        of,
        '/openai/main/v1/responses',
        responses('vertex', [{ type, search_context_size: 'low', user_location: { type: 'approximate', city: 'Oslo' } }]),
      );
      expect(answer.status).toBe(200);
      expect(sentTo(of).tools).toEqual([{ googleSearch: {} }]);
      expect((answer.headers.get('x-lpa-fidelity') ?? '').split(',').toSorted()).toEqual([
        'emulated=tools',
        'emulated=tools[].web_search',
        'ignored=tools[].search_context_size',
        'ignored=tools[].user_location',
      ]);
    },
  );
  test('within domains, which Gemini is not told, is refused', async () => {
    const of = await open('vertex');
    const answer = await post(of, '/openai/main/v1/responses', responses('vertex', [{ type: 'web_search', filters: { allowed_domains: ['a.example'] } }]));
    const { error } = (await answer.json()) as { error: { param: string } };
    expect([answer.status, answer.headers.get('x-lpa-code'), error.param]).toEqual([400, 'unsupported_parameter', 'tools[0].filters']);
  });
  test('that tool_choice leaves out is not made', async () => {
    const of = await open('vertex');
    const f = { type: 'function', name: 'f', parameters: { type: 'object', properties: {} } };
    const allowed = { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] };
    const asked = [
      await post(of, '/openai/main/v1/responses', responses('vertex', [{ type: 'web_search' }, f], { tool_choice: allowed })),
      await post(of, '/openai/main/v1/responses', responses('vertex', [{ type: 'web_search' }], { tool_choice: 'none' })),
      await post(of, '/anthropic/main/v1/messages', {
        model: MODELS.vertex,
        max_tokens: 50,
        messages: [{ role: 'user', content: 'Who won?' }],
        tools: [{ type: 'web_search_20250305', name: 'web_search' }],
        tool_choice: { type: 'none' },
      }),
    ];
    expect(asked.map(({ status }) => status)).toEqual([200, 200, 200]);
    for (const { body } of of.simulator.requests) expect(Buffer.from(body).toString()).not.toContain('googleSearch');
    expect(of.simulator.requests).toHaveLength(3);
  });
  test('asked for by OpenAI, Anthropic and Gemini is one of OCI', async () => {
    const of = await open('oci');
    const place = { type: 'approximate', city: 'Oslo', country: 'NO' };
    const asked = [
      await post(of, '/openai/main/v1/responses', responses('oci', [{ type: 'web_search', search_context_size: 'high', user_location: place }])),
      await post(of, '/anthropic/main/v1/messages', {
        model: MODELS.oci,
        max_tokens: 50,
        messages: [{ role: 'user', content: 'Who won?' }],
        tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 3, user_location: place }],
      }),
      await post(of, `/gemini/main/v1beta/models/${MODELS.oci}:generateContent`, {
        contents: [{ role: 'user', parts: [{ text: 'Who won?' }] }],
        tools: [{ googleSearch: {} }],
      }),
    ];
    expect(asked.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(asked[1]?.headers.get('x-lpa-fidelity')).toContain('ignored=tools[].max_uses');
    const sent = of.simulator.requests.map(({ body }) => JSON.parse(Buffer.from(body).toString()).chatRequest as Record<string, unknown>);
    const userLocation = { city: 'Oslo', country: 'NO' };
    expect(sent.map((each) => each.webSearchOptions)).toEqual([{ searchContextSize: 'HIGH', userLocation }, { userLocation }, {}]);
    expect(sent.map((each) => each.tools)).toEqual([undefined, undefined, undefined]);
  });
  test('under conditions of Anthropic’s own is refused', async () => {
    const of = await open('vertex');
    const tools = [{ type: 'web_search_20250305', name: 'web_search', allowed_domains: ['a.example'] }];
    const answer = await post(of, '/anthropic/main/v1/messages', {
      model: MODELS.vertex,
      max_tokens: 50,
      messages: [{ role: 'user', content: 'Who won?' }],
      tools,
    });
    expect([answer.status, answer.headers.get('x-lpa-code'), of.simulator.requests.length]).toEqual([400, 'unsupported_parameter', 0]);
  });
  test.each([false, true])('says its sources to clients of all dialects (stream: %s)', async (stream) => {
    const of = await open('vertex');
    const event = `data: ${JSON.stringify(GROUNDED)}\r\n\r\n`;
    of.simulator.script({ body: stream ? event : GROUNDED, ...(stream ? { headers: { 'content-type': 'text/event-stream' } } : {}), times: 3 });
    const found = [
      await post(of, '/openai/main/v1/responses', responses('vertex', [{ type: 'web_search' }], { stream })),
      await post(of, '/openai/main/v1/chat/completions', {
        model: MODELS.vertex,
        messages: [{ role: 'user', content: 'Who won?' }],
        web_search_options: {},
        stream,
      }),
      await post(of, '/anthropic/main/v1/messages', {
        model: MODELS.vertex,
        max_tokens: 50,
        stream,
        messages: [{ role: 'user', content: 'Who won?' }],
        tools: [{ type: 'web_search_20250305', name: 'web_search' }],
      }),
    ];
    const texts = await Promise.all(found.map((answer) => answer.text()));
    expect(texts.map((text) => [text.includes('https://news.example/final'), text.includes('The final')])).toEqual(found.map(() => [true, true]));
    expect(texts[0]).toContain('"url_citation"');
    expect(texts[1]).toContain('"url_citation"');
    expect(texts[2]).toContain('"web_search_result_location"');
  });
});
