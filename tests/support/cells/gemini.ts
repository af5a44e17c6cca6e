import { type Content, type GenerateContentConfig, type GenerateContentResponse, GoogleGenAI, type Part } from '@google/genai';
import type { Bench } from '../gateway.ts';
import { type Answer, PARAMETERS, PDF, PIXEL, type Question, type Speaker } from './speaker.ts';

const contentOf = ({ text, media, results }: Question): Part[] => [
  ...(results ?? []).map(({ id, text: output }): Part => ({ functionResponse: { id, name: NAMES.get(id) ?? 'unknown', response: { output } } })),
  ...(media === 'image' ? [{ inlineData: { mimeType: 'image/png', data: PIXEL } }] : []),
  ...(media === 'document' ? [{ inlineData: { mimeType: 'application/pdf', data: PDF } }] : []),
  ...(results === undefined ? [{ text }] : []),
];
/** Names of what was called, which results repeat, by the ids of the calls. */
const NAMES = new Map<string, string>();
const configOf = (q: Question): GenerateContentConfig => ({
  maxOutputTokens: q.most ?? 9000,
  ...(q.until === undefined ? {} : { stopSequences: ['never', q.until] }),
  ...(q.tools === undefined ? {} : { tools: [{ functionDeclarations: q.tools.map((name) => ({ name, parametersJsonSchema: PARAMETERS })) }] }),
  ...(q.force === undefined ? {} : { toolConfig: { functionCallingConfig: { mode: 'ANY' as never, allowedFunctionNames: [q.force] } } }),
  ...(q.schema === undefined ? {} : { responseMimeType: 'application/json', responseJsonSchema: q.schema }),
  ...(q.hint === undefined ? {} : { cachedContent: q.hint }),
  ...(q.thinking === true ? { thinkingConfig: { thinkingBudget: 2000, includeThoughts: true } } : {}),
});
const STOPS: Readonly<Record<string, Answer['stop']>> = { STOP: 'end', MAX_TOKENS: 'length' };
interface Whole {
  readonly parts: Part[];
  readonly stop: string | undefined;
  readonly usage: GenerateContentResponse['usageMetadata'];
  readonly fidelity: string;
}
const wholeOf = (answer: GenerateContentResponse): Whole => ({
  parts: answer.candidates?.[0]?.content?.parts ?? [],
  stop: answer.candidates?.[0]?.finishReason,
  usage: answer.usageMetadata,
  fidelity: answer.sdkHttpResponse?.headers?.['x-lpa-fidelity'] ?? '',
});
const streamed = async (stream: AsyncGenerator<GenerateContentResponse>): Promise<Whole> => {
  const parts: Part[] = [];
  let last: Whole = { parts, stop: undefined, usage: undefined, fidelity: '' };
  for await (const piece of stream) {
    const { parts: more, stop, usage } = wholeOf(piece);
    parts.push(...more);
    last = { parts, stop: stop ?? last.stop, usage: usage ?? last.usage, fidelity: '' };
  }
  return last;
};
/** Who signs in with the gateway's key where the SDK wants an identity of Google's. */
const identity = (key: string) => ({ getRequestHeaders: () => Promise.resolve(new Headers({ authorization: `Bearer ${key}` })) });
/** `vertex`: the SDK's other mode, which writes longer paths and another version. */
export const geminiClient = (bench: Bench, vertex = false, instance = 'main'): GoogleGenAI => {
  const httpOptions = { baseUrl: `${bench.url}/gemini/${instance}` };
  if (!vertex) return new GoogleGenAI({ apiKey: bench.key, httpOptions });
  const googleAuthOptions = { authClient: identity(bench.key) as never };
  return new GoogleGenAI({ vertexai: true, project: 'any-project', location: 'us-central1', googleAuthOptions, httpOptions });
};

const speaker = (vertex: boolean): Speaker => ({
  async ask(bench: Bench, q: Question) {
    const { models } = geminiClient(bench, vertex);
    const contents: Content[] = [...((q.before ?? []) as Content[]), { role: 'user', parts: contentOf(q) }];
    const asked = { model: q.model, contents, config: configOf(q) };
    const { parts, stop, usage, fidelity } =
      q.stream === true ? await streamed(await models.generateContentStream(asked)) : wholeOf(await models.generateContent(asked));
    const calls = parts.flatMap(({ functionCall: call }) => (call === undefined ? [] : [{ id: call.id ?? '', name: call.name ?? '', input: call.args ?? {} }]));
    for (const { id, name } of calls) NAMES.set(id, name);
    return {
      text: parts.map(({ text, thought }) => (thought === true ? '' : (text ?? ''))).join(''),
      calls,
      stop: stop === 'STOP' && calls.length > 0 ? 'tools' : (STOPS[stop ?? ''] ?? 'other'),
      usage: {
        input: usage?.promptTokenCount ?? 0,
        cached: usage?.cachedContentTokenCount ?? 0,
        output: (usage?.candidatesTokenCount ?? 0) + (usage?.thoughtsTokenCount ?? 0),
      },
      fidelity,
      after: [...contents, { role: 'model', parts }],
    };
  },
  failure: (error) => {
    const { status, message } = error as { status?: number; message?: string };
    const body = JSON.parse(message ?? '{}') as { error?: { status?: unknown } };
    return { status, kind: body.error?.status };
  },
});
export const gemini = speaker(false);
/** The same SDK in the mode of Vertex AI, project and location in its paths. */
export const geminiOfVertex = speaker(true);
