import { openBench } from './support/gateway.ts';
const show = async (name: string, bench: any, path: string, body: any, headers: any = {}) => {
  bench.simulator.clear();
  const r = await fetch(`${bench.url}${path}`, { method: 'POST', headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', 'anthropic-version': '2023-06-01', ...headers }, body: JSON.stringify(body) });
  const text = await r.text();
  const sent = bench.simulator.requests.findLast((x: any) => x.method === 'POST');
  console.log(`\n## ${name}: ${r.status} code=${r.headers.get('x-lpa-code')} fid=${r.headers.get('x-lpa-fidelity')}\n  SENT ${sent?.path ?? sent?.url ?? '-'} ${JSON.stringify(sent?.json?.() ?? null)?.slice(0, 900)}\n  GOT ${text.slice(0, 420)}`);
};
const A = await openBench({ vendor: 'anthropic', plugins: ['@llm-proxy-auth/dialect-converse', '@llm-proxy-auth/dialect-gemini'] });
const B = await openBench({ vendor: 'bedrock', plugins: ['@llm-proxy-auth/dialect-gemini', '@llm-proxy-auth/dialect-anthropic'], instances: (url: string) => ({}) });
const BI = await openBench({ vendor: 'bedrock', main: { api: 'anthropic-invoke' }, plugins: ['@llm-proxy-auth/dialect-anthropic'] });
const claude = 'us.anthropic.claude-sonnet-4-6', a = 'claude-sonnet-4-6', new5 = 'us.anthropic.claude-opus-5-5';
const hi = [{ role: 'user', content: 'Hi' }];
const msg = (more: any, model = a) => ({ model, max_tokens: 100, messages: hi, ...more });
const C = (content: any, more: any = {}) => ({ messages: [{ role: 'user', content }], ...more });
const conv = (m: string) => `/converse/main/model/${encodeURIComponent(m)}/converse`;
// server tools
await show('conv->anthropic systemTool', A, conv(a), C([{ text: 'Hi' }], { toolConfig: { tools: [{ systemTool: { name: 'nova_grounding' } }] } }));
await show('openai->anthropic web_search_options', A, '/openai/main/v1/chat/completions', { model: a, messages: hi, web_search_options: {} });
await show('openai responses->anthropic mcp', A, '/openai/main/v1/responses', { model: a, input: 'Hi', tools: [{ type: 'mcp', server_label: 'x', server_url: 'https://x' }] });
await show('anthropic->converse nova server tool', B, '/anthropic/main/v1/messages', msg({ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'us.amazon.nova-lite-v1:0'));
await show('anthropic->bedrock claude web_search', B, '/anthropic/main/v1/messages', msg({ tools: [{ type: 'web_search_20250305', name: 'web_search' }], tool_choice: { type: 'tool', name: 'web_search' } }, claude));
await show('anthropic->bedrock claude web_search + custom, choice of removed', B, '/anthropic/main/v1/messages', msg({ tools: [{ type: 'web_search_20250305', name: 'web_search' }, { name: 'f', input_schema: { type: 'object' } }], tool_choice: { type: 'tool', name: 'web_search' } }, claude));
// cache hints
await show('anthropic->converse nova ttl', B, '/anthropic/main/v1/messages', msg({ system: [{ type: 'text', text: 's', cache_control: { type: 'ephemeral', ttl: '1h' } }], messages: [{ role: 'user', content: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }] }] }, 'us.amazon.nova-lite-v1:0'));
await show('anthropic->bedrock top-level cache_control', B, '/anthropic/main/v1/messages', msg({ cache_control: { type: 'ephemeral' } }, claude));
await show('anthropic->converse(nova) top-level cache_control', B, '/anthropic/main/v1/messages', msg({ cache_control: { type: 'ephemeral' } }, 'us.amazon.nova-lite-v1:0'));
await show('converse->anthropic cachePoint ttl', A, conv(a), C([{ text: 'Hi' }, { cachePoint: { type: 'default', ttl: '1h' } }], { system: [{ text: 's' }, { cachePoint: { type: 'default' } }] }));
await show('converse->anthropic cachePoint first / tools', A, conv(a), C([{ cachePoint: { type: 'default' } }, { text: 'Hi' }], { toolConfig: { tools: [{ toolSpec: { name: 'f', inputSchema: { json: { type: 'object' } } } }, { cachePoint: { type: 'default' } }] } }));
// thinking
for (const t of [{ type: 'between_tools' }, { type: 'adaptive', display: 'summarized' }, { type: 'enabled', budget_tokens: 2000 }, { type: 'adaptive', block_binding: { prefix_mismatch_behavior: 'drop_block' } }]) {
  await show(`anthropic->converse thinking ${t.type}`, B, '/anthropic/main/v1/messages', msg({ max_tokens: 4000, thinking: t }, 'us.amazon.nova-2-lite-v1:0'));
}
await show('converse(claude)->anthropic thinking adaptive + effort', A, conv('claude-opus-5-5'), C([{ text: 'Hi' }], { additionalModelRequestFields: { thinking: { type: 'adaptive' } , anthropic_beta: ['x-beta']}, outputConfig: { effort: 'xhigh' } }));
await show('converse->anthropic docs', A, conv(a), C([{ text: 'Hi' }, { document: { name: 'd.1', format: 'docx', source: { bytes: 'AAAA' } } }]));
await show('converse->anthropic md', A, conv(a), C([{ text: 'Hi' }, { document: { name: 'd', format: 'md', source: { bytes: Buffer.from('# x').toString('base64') }, citations: { enabled: true }, context: 'c' } }]));
await show('converse->anthropic guardContent', A, conv(a), C([{ guardContent: { text: { text: 'secret', qualifiers: ['query'] } } }], { guardrailConfig: { guardrailIdentifier: 'g', guardrailVersion: '1' } }));
await show('converse->anthropic promptVariables/perf/tier/reqmeta', A, conv(a), C([{ text: 'Hi' }], { promptVariables: { v: { text: 'x' } }, performanceConfig: { latency: 'optimized' }, serviceTier: { type: 'flex' }, requestMetadata: { a: 'b' }, additionalModelResponseFieldPaths: ['/stop_sequence'] }));
await show('converse->anthropic searchResult', A, conv(a), C([{ text: 'Hi' }, { searchResult: { source: 's', title: 't', content: [{ text: 'x' }], citations: { enabled: true } } }]));
await show('converse->anthropic jsonschema', A, conv(a), C([{ text: 'Hi' }], { outputConfig: { textFormat: { type: 'json_schema', structure: { jsonSchema: { schema: '{"type":"object","properties":{}}', name: 'n' } } } } }));
await show('converse->anthropic video', A, conv(a), C([{ text: 'Hi' }, { video: { format: 'mp4', source: { bytes: 'AAAA' } } }]));
await show('converse->anthropic s3', A, conv(a), C([{ text: 'Hi' }, { image: { format: 'png', source: { s3Location: { uri: 's3://b/k' } } } }]));
await show('converse->anthropic toolResult json', A, conv(a), { messages: [{ role: 'user', content: [{ text: 'Hi' }] }, { role: 'assistant', content: [{ toolUse: { toolUseId: 'a', name: 'f', input: {} } }] }, { role: 'user', content: [{ toolResult: { toolUseId: 'a', status: 'error', content: [{ json: { x: 1 } }, { text: 't' }] } }] }] });
await show('anthropic->nova search_result+container', B, '/anthropic/main/v1/messages', msg({ messages: [{ role: 'user', content: [{ type: 'text', text: 'q' }, { type: 'search_result', source: 's', title: 't', content: [{ type: 'text', text: 'x' }] }] }], mcp_servers: [{ type: 'url', url: 'https://x', name: 'x' }], container: 'c', context_management: {} }, 'us.amazon.nova-lite-v1:0'));
await show('anthropic->nova doc url', B, '/anthropic/main/v1/messages', msg({ messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'abc' }, title: 'a.b' , citations: {enabled:true}}, { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'x' }] } }] }] }, 'us.amazon.nova-lite-v1:0'));
await show('redacted thinking anthropic->nova', B, '/anthropic/main/v1/messages', msg({ messages: [...hi, { role: 'assistant', content: [{ type: 'redacted_thinking', data: 'AAAA' }, { type: 'thinking', thinking: 't', signature: 's' }, { type: 'text', text: 'x' }] }, ...hi] }, 'us.amazon.nova-lite-v1:0'));
for (const [n, b, m] of [['anthropic', A, a], ['bedrock', B, claude], ['bedrock-nova', B, 'us.amazon.nova-lite-v1:0'], ['invoke', BI, claude]] as const)
  await show(`count_tokens ${n}`, b, '/anthropic/main/v1/messages/count_tokens', { model: m, messages: hi, system: 's', thinking: { type: 'adaptive' }, tools: [{ name: 'f', input_schema: { type: 'object' } }], tool_choice: { type: 'auto' } });
await show('count converse->anthropic', A, `/converse/main/model/${a}/count-tokens`, { input: { converse: C([{ text: 'x' }]) } });
await show('betas dup + unknown -> bedrock', BI, '/anthropic/main/v1/messages', msg({ output_format: { type: 'json_schema', schema: { type: 'object', properties: {}, additionalProperties: false } } }, claude), { 'anthropic-beta': 'structured-outputs-2025-11-13, prompt-caching-2024-07-31,claude-code-20250219' });
await A.close(); await B.close(); await BI.close();
