import {
  BedrockRuntimeClient,
  type ContentBlock,
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
  type Message,
  type TokenUsage,
} from '@aws-sdk/client-bedrock-runtime';
import type { Bench } from '../gateway.ts';
import { type Answer, PARAMETERS, PDF, PIXEL, type Question, type Speaker } from './speaker.ts';

const contentOf = ({ text, media, results, hint }: Question): ContentBlock[] => [
  ...(results ?? []).map(({ id, text: result }): ContentBlock => ({ toolResult: { toolUseId: id, content: [{ text: result }] } })),
  ...(media === 'image' ? [{ image: { format: 'png' as const, source: { bytes: Buffer.from(PIXEL, 'base64') } } }] : []),
  ...(media === 'document' ? [{ document: { format: 'pdf' as const, name: 'a', source: { bytes: Buffer.from(PDF, 'base64') } } }] : []),
  ...(results === undefined ? [{ text }] : []),
  ...(hint === undefined ? [] : [{ cachePoint: { type: 'default' as const } }]),
];
const bodyOf = (q: Question, messages: Message[]): ConverseCommandInput => ({
  modelId: q.model,
  messages,
  inferenceConfig: { maxTokens: q.most ?? 9000, ...(q.until === undefined ? {} : { stopSequences: ['never', q.until] }) },
  ...(q.tools === undefined
    ? {}
    : {
        toolConfig: {
          tools: q.tools.map((name) => ({ toolSpec: { name, inputSchema: { json: { ...PARAMETERS } } } })),
          ...(q.force === undefined ? {} : { toolChoice: { tool: { name: q.force } } }),
        },
      }),
  ...(q.schema === undefined
    ? {}
    : { outputConfig: { textFormat: { type: 'json_schema' as const, structure: { jsonSchema: { schema: JSON.stringify(q.schema), name: 'answer' } } } } }),
  ...(q.thinking === true ? { additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 2000 } } } : {}),
});
const STOPS: Readonly<Record<string, Answer['stop']>> = { end_turn: 'end', max_tokens: 'length', tool_use: 'tools', stop_sequence: 'sequence' };
interface Whole {
  readonly content: ContentBlock[];
  readonly stop: string | undefined;
  readonly usage: TokenUsage | undefined;
}
const streamed = async (client: BedrockRuntimeClient, input: ConverseCommandInput): Promise<Whole> => {
  const { stream } = await client.send(new ConverseStreamCommand(input));
  let text = '';
  let stop: string | undefined;
  let usage: TokenUsage | undefined;
  for await (const event of stream ?? []) {
    text += event.contentBlockDelta?.delta?.text ?? '';
    stop = event.messageStop?.stopReason ?? stop;
    usage = event.metadata?.usage ?? usage;
  }
  return { content: [{ text }], stop, usage };
};

export const converse: Speaker = {
  async ask(bench: Bench, q: Question) {
    const headers: Record<string, string> = {};
    const client = new BedrockRuntimeClient({
      region: 'us-east-1',
      endpoint: `${bench.url}/converse/main`,
      token: { token: bench.key },
      authSchemePreference: ['httpBearerAuth'],
      maxAttempts: 1,
    });
    client.middlewareStack.add(
      (handle) => async (args) => {
        const result = await handle(args);
        Object.assign(headers, (result.response as { headers?: Record<string, string> }).headers);
        return result;
      },
      { step: 'deserialize', priority: 'low' },
    );
    try {
      const messages: Message[] = [...((q.before ?? []) as Message[]), { role: 'user', content: contentOf(q) }];
      const input = bodyOf(q, messages);
      const unary = async (): Promise<Whole> => {
        const { output, stopReason: stop, usage } = await client.send(new ConverseCommand(input));
        return { content: output?.message?.content ?? [], stop, usage };
      };
      const { content, stop, usage } = q.stream === true ? await streamed(client, input) : await unary();
      const cached = usage?.cacheReadInputTokens ?? 0;
      return {
        text: content.map(({ text }) => text ?? '').join(''),
        calls: content.flatMap(({ toolUse }) =>
          toolUse === undefined ? [] : [{ id: toolUse.toolUseId ?? '', name: toolUse.name ?? '', input: toolUse.input }],
        ),
        stop: STOPS[stop ?? ''] ?? 'other',
        usage: { input: (usage?.inputTokens ?? 0) + cached + (usage?.cacheWriteInputTokens ?? 0), cached, output: usage?.outputTokens ?? 0 },
        fidelity: headers['x-lpa-fidelity'] ?? '',
        after: [...messages, { role: 'assistant', content }],
      };
    } finally {
      client.destroy();
    }
  },
  failure: (error) => {
    const { $metadata, name } = error as { $metadata?: { httpStatusCode?: number }; name?: unknown };
    return { status: $metadata?.httpStatusCode, kind: name };
  },
};
