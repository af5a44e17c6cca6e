import Anthropic from '@anthropic-ai/sdk';
import type { Bench } from '../gateway.ts';
import { type Answer, PARAMETERS, PDF, PIXEL, type Question, type Speaker } from './speaker.ts';

type Message = Anthropic.MessageParam;
const contentOf = ({ text, media, results, hint }: Question): Anthropic.ContentBlockParam[] => [
  ...(results ?? []).map(({ id, text: content }) => ({ type: 'tool_result' as const, tool_use_id: id, content })),
  ...(media === 'image' ? [{ type: 'image' as const, source: { type: 'base64' as const, media_type: 'image/png' as const, data: PIXEL } }] : []),
  ...(media === 'document' ? [{ type: 'document' as const, source: { type: 'base64' as const, media_type: 'application/pdf' as const, data: PDF } }] : []),
  ...(results === undefined ? [{ type: 'text' as const, text, ...(hint === undefined ? {} : { cache_control: { type: 'ephemeral' as const } }) }] : []),
];
const bodyOf = (q: Question, messages: Message[]): Anthropic.MessageCreateParamsNonStreaming => ({
  model: q.model,
  max_tokens: q.most ?? 9000,
  messages,
  ...(q.until === undefined ? {} : { stop_sequences: ['never', q.until] }),
  ...(q.tools === undefined ? {} : { tools: q.tools.map((name) => ({ name, input_schema: { ...PARAMETERS, type: 'object' as const } })) }),
  ...(q.force === undefined ? {} : { tool_choice: { type: 'tool', name: q.force } }),
  ...(q.schema === undefined ? {} : { output_config: { format: { type: 'json_schema', schema: q.schema } } }),
  ...(q.thinking === true ? { thinking: { type: 'enabled', budget_tokens: 2000 } } : {}),
});
const STOPS: Readonly<Record<string, Answer['stop']>> = { end_turn: 'end', max_tokens: 'length', tool_use: 'tools', stop_sequence: 'sequence' };

export const anthropic: Speaker = {
  async ask(bench: Bench, q: Question) {
    const client = new Anthropic({ baseURL: `${bench.url}/anthropic/main`, apiKey: bench.key, maxRetries: 0 });
    const messages: Message[] = [...((q.before ?? []) as Message[]), { role: 'user', content: contentOf(q) }];
    let whole: Anthropic.Message;
    let fidelity = '';
    if (q.stream === true) whole = await client.messages.stream(bodyOf(q, messages)).finalMessage();
    else {
      const { data, response } = await client.messages.create(bodyOf(q, messages)).withResponse();
      whole = data;
      fidelity = response.headers.get('x-lpa-fidelity') ?? '';
    }
    const { usage } = whole;
    const cached = usage.cache_read_input_tokens ?? 0;
    return {
      text: whole.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join(''),
      calls: whole.content.flatMap((block) => (block.type === 'tool_use' ? [block] : [])),
      stop: STOPS[whole.stop_reason ?? ''] ?? 'other',
      usage: { input: usage.input_tokens + cached + (usage.cache_creation_input_tokens ?? 0), cached, output: usage.output_tokens },
      fidelity,
      after: [...messages, { role: 'assistant', content: whole.content }],
    };
  },
  failure: (error) => {
    const { status, error: body } = error as { status?: number; error?: { error?: { type?: unknown } } };
    return { status, kind: body?.error?.type };
  },
};
