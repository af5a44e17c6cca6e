import Anthropic from '@anthropic-ai/sdk';
import { anthropicSimulator, bedrockSimulator, exampleCredential, type Simulator } from '@llm-proxy-auth/simulators';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Bench, openBench, PROVIDER_KEY } from './support/gateway.ts';

const CLAUDE = 'claude-sonnet-4-6';
const PLUGINS = ['dialect-anthropic', 'dialect-converse', 'dialect-gemini', 'provider-anthropic', 'provider-bedrock'].map((name) => `@llm-proxy-auth/${name}`);
let anthropic: Simulator;
let aws: Simulator;
let bench: Bench;
beforeAll(async () => {
  anthropic = await anthropicSimulator({ keys: [PROVIDER_KEY] });
  aws = await bedrockSimulator({});
  const { accessKeyId, secretAccessKey } = exampleCredential;
  bench = await openBench({
    plugins: PLUGINS,
    instances: {
      claude: { provider: 'anthropic', baseUrl: anthropic.url, insecureUpstream: true, apiKey: PROVIDER_KEY },
      aws: {
        provider: 'bedrock',
        region: 'us-east-1',
        baseUrl: aws.url,
        insecureUpstream: true,
        credentials: { type: 'static', accessKeyId, secretAccessKey },
      },
    },
    sections: {
      retry: { attempts: 1 },
      models: [
        {
          name: 'two',
          targets: [
            { instance: 'main', model: 'gpt-4o-mini' },
            { instance: 'claude', model: CLAUDE },
          ],
        },
      ],
    },
  });
});
beforeEach(() => {
  for (const simulator of [anthropic, aws, bench.simulator]) simulator.clear();
});
afterAll(async () => {
  await bench.close();
  await anthropic.close();
  await aws.close();
});

const ask = async (path: string, body: object, headers: Readonly<Record<string, string>> = {}) => {
  const answer = await fetch(bench.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const notes = answer.headers.get('x-lpa-fidelity')?.split(',') ?? [];
  return { status: answer.status, code: answer.headers.get('x-lpa-code'), instance: answer.headers.get('x-lpa-instance'), notes, text: await answer.text() };
};
const MESSAGES = [{ role: 'user', content: 'x' }];

describe('after a fallback', () => {
  test('nothing is told of what the abandoned target would have lost', async () => {
    const asked = { model: 'two', max_tokens: 50, top_k: 5, messages: MESSAGES };
    expect((await ask('/anthropic/v1/messages', asked)).notes).toContain('ignored=top_k');
    bench.simulator.script({ status: 429 });
    const { status, instance, notes } = await ask('/anthropic/v1/messages', asked);
    expect([status, instance, notes]).toEqual([200, 'claude', []]);
    expect(anthropic.requests.at(-1)?.json()).toMatchObject({ model: CLAUDE, top_k: 5 });
  });
});

describe('parameters that SDKs send as headers', () => {
  const NOVA = 'us.amazon.nova-lite-v1:0';
  const sent = (name: 'claude' | 'aws' | 'main', headers: Readonly<Record<string, string>> = {}) =>
    new Anthropic({ baseURL: `${bench.url}/anthropic/${name}`, apiKey: bench.key, maxRetries: 0 }).messages
      .create(
        {
          model: { claude: CLAUDE, aws: NOVA, main: 'gpt-4o-mini' }[name],
          max_tokens: 50,
          messages: [{ role: 'user', content: 'x' }],
          user_profile_id: 'uprof_1',
          workspace_id: 'wrkspc_1',
        },
        { headers },
      )
      .withResponse();
  test('whom a call is for reaches Anthropic, whose workspace it is stays ours and is told', async () => {
    const { response } = await sent('claude');
    expect(response.headers.get('x-lpa-fidelity')).toBe('ignored=workspace_id');
    const asked = anthropic.requests.at(-1);
    expect([asked?.header('anthropic-user-profile-id'), asked?.header('anthropic-workspace-id')]).toEqual(['uprof_1', undefined]);
  });
  test.each(['main', 'aws'] as const)('both are told of %s', async (name) => {
    const { response } = await sent(name);
    expect(response.headers.get('x-lpa-fidelity')?.split(',')).toEqual(expect.arrayContaining(['ignored=user_profile_id', 'ignored=workspace_id']));
  });
  test.each([
    ['claude', 'workspace_id'],
    ['main', 'user_profile_id'],
    ['aws', 'user_profile_id'],
  ] as const)('none is lost at %s where nothing may be', async (name, param) => {
    const refused = await sent(name, { 'x-lpa-fidelity': 'reject' }).catch((cause: unknown) => cause);
    expect(refused).toMatchObject({ status: 400, message: expect.stringContaining(param) });
  });
  test('betas and keys of repetition of OpenAI’s clients pass to it and are told elsewhere', async () => {
    const headers = { 'openai-beta': 'x=1', 'idempotency-key': 'k1' };
    const own = await ask('/openai/main/v1/chat/completions', { model: 'gpt-4o-mini', messages: MESSAGES }, headers);
    expect(own.notes).toEqual([]);
    expect(bench.simulator.requests.at(-1)?.header('openai-beta')).toBe('x=1');
    const other = await ask('/openai/claude/v1/chat/completions', { model: CLAUDE, messages: MESSAGES, max_completion_tokens: 9 }, headers);
    expect(other.notes).toEqual(expect.arrayContaining(['ignored=openai-beta', 'ignored=idempotency-key']));
  });
});

describe('what Claude Code may say goes on elsewhere', () => {
  const LONG = `mcp__plugin_github_enterprise__${'search_'.repeat(12)}`.slice(0, 100);
  const tools = [{ name: LONG, input_schema: { type: 'object' as const, properties: {} } }];
  const earlier = [
    { role: 'user' as const, content: 'go' },
    { role: 'assistant' as const, content: [{ type: 'tool_use' as const, id: 't1', name: LONG, input: {} }] },
    { role: 'user' as const, content: [{ type: 'tool_result' as const, tool_use_id: 't1', content: 'done' }] },
  ];
  const client = () => new Anthropic({ baseURL: `${bench.url}/anthropic/main`, apiKey: bench.key, maxRetries: 0 });
  const called = (name: string): object => ({ id: 'call_1', type: 'function', function: { name, arguments: '{}' } });
  const asked = { model: 'gpt-4o-mini', max_tokens: 50, messages: earlier, tools, tool_choice: { type: 'tool' as const, name: LONG } };
  const sent = () => bench.simulator.requests.at(-1)?.json() as Readonly<Record<string, unknown>>;
  const nameSent = (): string => (sent() as { tools: readonly { function: { name: string } }[] }).tools[0]?.function.name ?? '';
  test('names of tools that OpenAI does not take are shorter there, in calls and choice too, and come back', async () => {
    await client().messages.create(asked);
    const short = nameSent();
    expect(short).toMatch(/^mcp__plugin_github[\w-]{46}$/);
    expect(sent()).toMatchObject({
      messages: [{}, { tool_calls: [{ function: { name: short } }] }, {}],
      tool_choice: { function: { name: short } },
    });
    const message = { role: 'assistant', content: null, tool_calls: [called(short)] };
    bench.simulator.script({
      body: { id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message, finish_reason: 'tool_calls' }] },
    });
    const { data, response } = await client().messages.create(asked).withResponse();
    expect(data.content).toEqual([expect.objectContaining({ type: 'tool_use', name: LONG })]);
    expect(response.headers.get('x-lpa-fidelity')?.split(',')).toContain('emulated=tools[].name');
  });
  test('in a stream they come back too', async () => {
    await client().messages.create(asked);
    const short = nameSent();
    const piece = (delta: object, finish: string | null) =>
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
    const body = `${piece({ role: 'assistant', tool_calls: [{ index: 0, ...called(short) }] }, null)}${piece({}, 'tool_calls')}data: [DONE]\n\n`;
    bench.simulator.script({ headers: { 'content-type': 'text/event-stream' }, body });
    const { content } = await client().messages.stream(asked).finalMessage();
    expect(content).toEqual([expect.objectContaining({ type: 'tool_use', name: LONG })]);
  });
  test('the same by Responses', async () => {
    const thinking = { type: 'enabled' as const, budget_tokens: 1024 };
    const { content } = await client().messages.create({
      model: 'gpt-5.1',
      max_tokens: 2000,
      thinking,
      tools,
      messages: [{ role: 'user', content: 'call it' }],
    });
    expect(sent()).toMatchObject({ tools: [{ name: expect.stringMatching(/^mcp__plugin_github[\w-]{46}$/) }] });
    expect(content).not.toEqual([]);
  });
  test.each([
    ['gpt-5.1', 'high'],
    ['gpt-5.2', 'xhigh'],
    ['gpt-5.6', 'max'],
  ])('the most effort is at %s %s', async (model, effort) => {
    const { status, notes } = await ask('/anthropic/main/v1/messages', { model, max_tokens: 2000, messages: MESSAGES, output_config: { effort: 'max' } });
    expect([status, notes.includes('clamped=output_config.effort')]).toEqual([200, effort !== 'max']);
    expect(JSON.stringify(sent())).toContain(`"${effort}"`);
    const converse = await ask(`/converse/main/model/${model}/converse`, {
      messages: [{ role: 'user', content: [{ text: 'x' }] }],
      outputConfig: { effort: 'max' },
    });
    expect(converse.status).toBe(200);
  });
  test('sequences that a model does not take are left out and told', async () => {
    const { status, notes } = await ask('/anthropic/main/v1/messages', { model: 'gpt-5.1', max_tokens: 2000, messages: MESSAGES, stop_sequences: ['END'] });
    expect([status, notes]).toEqual([200, expect.arrayContaining(['ignored=stop_sequences'])]);
    const newer = await ask('/anthropic/main/v1/messages', { model: 'gpt-5.6', max_tokens: 2000, messages: MESSAGES, stop_sequences: ['END'] });
    expect([newer.status, newer.notes.includes('ignored=stop_sequences')]).toEqual([200, false]);
  });
});

describe('what Anthropic says round an answer', () => {
  const around = {
    container: { id: 'container_1', expires_at: '2026-12-01T00:00:00Z' },
    context_management: { applied_edits: [{ type: 'clear_tool_uses_20250919', cleared_tool_uses: 3, cleared_input_tokens: 9 }] },
    input_transformations: [{ type: 'thinking_block_dropped', path: 'messages.1.content.0' }],
  };
  const told = ['container', 'context_management', 'input_transformations', 'usage.server_tool_use'].map((name) => `ignored=${name}`);
  test.each([
    ['openai', '/openai/claude/v1/chat/completions', { model: CLAUDE, max_completion_tokens: 9, messages: MESSAGES }],
    ['converse', `/converse/claude/model/${CLAUDE}/converse`, { messages: [{ role: 'user', content: [{ text: 'x' }] }], inferenceConfig: { maxTokens: 9 } }],
    ['gemini', `/gemini/claude/v1beta/models/${CLAUDE}:generateContent`, { contents: [{ role: 'user', parts: [{ text: 'x' }] }] }],
  ])('is told as lost to clients of %s', async (_client, path, body) => {
    const usage = { input_tokens: 1, output_tokens: 1, server_tool_use: { web_search_requests: 4 } };
    const content = [{ type: 'text', text: 'x' }];
    anthropic.script({ body: { id: 'msg_1', type: 'message', role: 'assistant', model: CLAUDE, content, stop_reason: 'end_turn', usage, ...around } });
    const { status, notes } = await ask(path, body);
    expect([status, notes]).toEqual([200, expect.arrayContaining(told)]);
  });
});

describe('what cannot be meant', () => {
  test.each(['/anthropic/aws/v1/messages', '/openai/aws/v1/chat/completions', '/openai/claude/v1/chat/completions'])(
    'a call of %s that names no model is refused as such',
    async (path) => {
      const { status, code } = await ask(path, { max_tokens: 9, messages: MESSAGES });
      expect([status, code]).toEqual([400, 'invalid_request']);
    },
  );
  test('a body that is a list is refused as such', async () => {
    const { status, code } = await ask('/anthropic/aws/v1/messages', []);
    expect([status, code]).toEqual([400, 'invalid_request']);
  });
  test('a page in place of an answer is no answer, translated or passing', async () => {
    for (const path of ['/anthropic/claude/v1/messages', '/openai/claude/v1/chat/completions']) {
      anthropic.script({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>ok</html>' });
      const { status, code } = await ask(path, { model: CLAUDE, max_tokens: 9, messages: MESSAGES });
      expect([path, status, code]).toEqual([path, 502, 'upstream_bad_response']);
      anthropic.clear();
    }
  });
  test('members of cache hints that are Anthropic’s are told as lost elsewhere', async () => {
    const content = [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral', scope: 'global' } }];
    const asked = (model: string) => ({ model, max_tokens: 9, messages: [{ role: 'user', content }] });
    const told = 'ignored=messages[].content[].cache_control';
    expect((await ask('/anthropic/aws/v1/messages', asked('us.amazon.nova-lite-v1:0'))).notes).toContain(told);
    expect((await ask('/anthropic/claude/v1/messages', asked(CLAUDE))).notes).toEqual([]);
  });
  test('an effort of a later system turn stays where its beta is taken, and is told as lost elsewhere', async () => {
    const [effort, beta] = [{ role: 'system', output_config: { effort: 'low' } }, { 'anthropic-beta': 'mid-conversation-output-config-2026-07-01' }];
    const asked = (model: string) => ({ model, max_tokens: 99, messages: [{ role: 'user', content: 'x' }, effort, { role: 'user', content: 'y' }] });
    const at = async (instance: string, model: string, headers: Readonly<Record<string, string>>) => {
      const { status, notes } = await ask(`/anthropic/${instance}/v1/messages`, asked(model), headers);
      const sent = (instance === 'aws' ? aws : anthropic).requests.findLast(({ method }) => method === 'POST')?.json() as { messages: unknown[] };
      return [status, sent.messages.some((turn) => JSON.stringify(turn) === JSON.stringify(effort)), notes];
    };
    const told = ['ignored=messages[].output_config'];
    expect(await at('claude', 'claude-opus-5-5', beta)).toEqual([200, true, []]);
    expect(await at('aws', 'us.anthropic.claude-opus-5-5', beta)).toEqual([200, true, []]);
    expect(await at('aws', 'us.anthropic.claude-opus-5-5', {})).toEqual([200, false, told]);
    expect((await at('aws', 'us.amazon.nova-lite-v1:0', {}))[2]).toEqual(expect.arrayContaining(told));
  });
});
