import type { WatsonXAI } from '@ibm-cloud/watsonx-ai';
import { casesOf, type Decisions, valuesOf, vendorTypes } from '@llm-proxy-auth/contract-tests/vendor-types';
import { normalReply, parseJson, stringifyJson } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerOf, callOf, type Fields, plain, readBody, readStream, readWhole, replyOf, streamOf, surfaceOf, written } from './wire.ts';

const types = vendorTypes(
  import.meta.url,
  `
import type { WatsonXAI } from '@ibm-cloud/watsonx-ai';
export type TextChatParams = WatsonXAI.TextChatParams;
export type TextChatResponse = WatsonXAI.TextChatResponse;
export type TextGenResponse = WatsonXAI.TextGenResponse;
export type EmbeddingsResponse = WatsonXAI.EmbeddingsResponse;
export type RerankResponse = WatsonXAI.RerankResponse;
`,
);
/** What comes of a value of a type of the SDK is the value, or what a documented rule makes of it. */
const holds = (name: string, decisions: Decisions, carried: (value: Fields) => unknown, expected: (value: Fields) => unknown): void => {
  describe(`${name} of the SDK`, () => {
    const type = types.get(name);
    if (type === undefined) throw new Error(`the SDK has no ${name}`);
    const made = casesOf(type, decisions);
    const tried = (value: unknown): void => void expect(carried(value as Fields)).toEqual(expected(value as Fields));
    it('has no field that is neither tried nor excluded, and every exclusion has a field', () => {
      expect({ undecided: made.undecided, stale: made.stale }).toEqual({ undecided: [], stale: [] });
    });
    it.each(made.cases.map(({ field, value }) => [field, value] as const))('%s comes back', (_field, value) => tried(value));
    it('comes back whatever stands in it', () => {
      fc.assert(fc.property(valuesOf(type, decisions), tried), { numRuns: 200 });
    });
  });
};
const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? (value as Fields[]) : []);
const present = (o: Fields): Fields => Object.fromEntries(Object.entries(o).filter(([, value]) => value !== undefined));
const one = (...values: readonly unknown[]) => fc.constantFrom(...values);

/** Names that are not those of the parameters in another case. */
const NAMES: { readonly [K in keyof WatsonXAI.TextChatParams]?: string } & Readonly<Record<string, string>> = {
  modelId: 'model_id',
  projectId: 'project_id',
  spaceId: 'space_id',
  guidedJSON: 'guided_json',
};
/** The body that the SDK makes of its parameters. */
const bodyOf = (params: Fields): Fields =>
  present(Object.fromEntries(Object.entries(params).map(([key, value]) => [NAMES[key] ?? key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), value])));
const call = (wire: Fields): Fields => {
  const made = wire.function as { readonly name: string; readonly arguments: string };
  return { ...wire, function: { ...made, arguments: made.arguments === '' ? '{}' : made.arguments } };
};
/** Adjacent texts are one, and one text is no list. */
const content = (given: unknown): unknown => {
  if (typeof given === 'string') return given;
  const out: Fields[] = [];
  for (const part of list(given)) {
    const last = out.at(-1);
    if (part.type === 'text' && last?.type === 'text') out[out.length - 1] = { type: 'text', text: `${String(last.text)}${String(part.text)}` };
    else out.push(part);
  }
  const [only] = out;
  return only === undefined ? '' : out.length === 1 && only.type === 'text' ? only.text : out;
};
const message = (m: Fields): Fields => {
  if (m.role === 'user') return { ...m, content: content(m.content) };
  if (m.role !== 'assistant') return m;
  const { content: said, refusal, tool_calls: calls, ...others } = m;
  const made = list(calls).map(call);
  const refused = typeof refusal === 'string' ? refusal : undefined;
  const bare = said === undefined && refused === undefined && made.length === 0;
  return present({ ...others, content: bare ? '' : said, refusal: refused, tool_calls: made.length === 0 ? undefined : made });
};
/** The account is the instance's to say; the older limit has the newer name, and none is the model's own; a choice goes with tools. */
const asked = (params: Fields): Fields => {
  const {
    project_id,
    space_id,
    max_tokens,
    max_completion_tokens: limit,
    n,
    logprobs,
    top_logprobs: top,
    tool_choice: named,
    tool_choice_option: mode,
    tools,
    ...body
  } = bodyOf(params);
  const choosing = list(tools).length > 0;
  const chosen = !choosing ? {} : named === undefined ? { tool_choice_option: mode ?? 'auto' } : { tool_choice: named };
  return present({
    ...body,
    messages: list(body.messages).map(message),
    max_completion_tokens: limit ?? max_tokens ?? 0,
    n: n === 1 ? undefined : n,
    logprobs: logprobs === true ? true : undefined,
    top_logprobs: logprobs === true && top !== 0 ? top : undefined,
    tools: choosing ? tools : undefined,
    ...chosen,
  });
};
const USER = { role: 'user', content: 'x' };
const NOT_HERE = 'the client keeps it to itself';
const PICTURE = { why: 'media goes along as base64', as: one('data:image/png;base64,AAAA', 'data:image/jpeg;base64,BBBB') };
holds(
  'TextChatParams',
  {
    exclude: {
      'TextChatParams.headers': { why: NOT_HERE },
      'TextChatParams.signal': { why: NOT_HERE },
      'TextChatParams.modelId': { why: 'the core names the model', as: one('model-1') },
      'TextChatParams.messages[]<TextChatMessage>': { why: 'the base of the others', as: one(USER) },
      'TextChatParams.messages[]<TextChatMessageControl>': { why: 'no other dialect has the role', as: one(USER) },
      'TextChatParams.toolChoiceOption': { why: 'it is one of three words', as: one('auto', 'none', 'required') },
      'TextChatParams.logitBias': { why: 'a number for each token', as: one({}, { '50256': -100 }) },
      'TextChatResponseFormat.type': { why: 'the one that the types know', as: one('json_object') },
      'TextChatParameterTools.type': { why: 'the only one', as: one('function') },
      'TextChatToolChoiceTool.type': { why: 'the only one', as: one('function') },
      'TextChatUserImageURLContent.data_asset': { why: 'nobody uploads through the gateway' },
      'TextChatUserVideoURLContent.data_asset': { why: 'nobody uploads through the gateway' },
      'TextChatUserAudioContent.data_asset': { why: 'nobody uploads through the gateway' },
      'TextChatUserImageURL.url': PICTURE,
      'TextChatUserVideoURL.url': { ...PICTURE, as: one('data:video/mp4;base64,AAAA') },
    },
    fit: {
      TextChatParameterTools: {
        why: 'a tool has a function, with parameters',
        fit: (t) => ({ ...t, function: { name: 'f', parameters: {}, ...(t.function as object) } }),
      },
      TextChatUserImageURLContent: {
        why: 'an image has a url',
        fit: (p) => ({ ...p, image_url: { url: 'data:image/png;base64,AAAA', ...(p.image_url as object) } }),
      },
      TextChatUserVideoURLContent: {
        why: 'a video has a url',
        fit: (p) => ({ ...p, video_url: { url: 'data:video/mp4;base64,AAAA', ...(p.video_url as object) } }),
      },
      TextChatUserAudioContent: {
        why: 'audio has data and format',
        fit: (p) => ({ ...p, input_audio: { data: 'AAAA', format: 'wav', ...(p.input_audio as object) } }),
      },
    },
  },
  (params) => written(readBody(bodyOf(params))),
  (params) => plain(asked(params)),
);

const FINISHES: Readonly<Record<string, string>> = { time_limit: 'length' };
const unwrapped = (input: unknown): string => {
  const given = String(input);
  if (given === '') return '{}';
  try {
    const inner: unknown = given.startsWith('"') ? JSON.parse(given) : given;
    return typeof inner === 'string' && inner !== '' ? inner : '{}';
  } catch {
    return given;
  }
};
/** Nothing is said by an empty refusal or thought, and calls end an answer whatever word does. */
const answered = (body: Fields): Fields => {
  const choices = list(body.choices).map((choice, i) => {
    const { refusal, reasoning_content: thought, tool_calls: calls, ...said } = (choice.message ?? { role: 'assistant' }) as Fields;
    const made = list(calls).map((c) => ({ ...c, function: { ...(c.function as object), arguments: unwrapped((c.function as Fields).arguments) } }));
    const word = FINISHES[String(choice.finish_reason)] ?? choice.finish_reason ?? 'stop';
    const reason = made.length > 0 && word === 'stop' ? 'tool_calls' : word;
    const more = { refusal: refusal || undefined, reasoning_content: thought || undefined, tool_calls: made.length === 0 ? undefined : made };
    return { index: choice.index ?? i, message: present({ ...said, ...more }), finish_reason: reason };
  });
  return plain(present({ ...body, created: body.created === 0 ? undefined : body.created, choices }));
};
const ROLE = { why: 'whoever answers is the assistant', as: one('assistant') };
const ANSWER: Decisions = {
  exclude: {
    'TextChatResponse.id': { why: 'an answer without an id gets one', as: one('chatcmpl-1') },
    'TextChatResponse.model_id': { why: 'an answer without a model is the asked one’s', as: one('ibm/granite') },
    'TextChatResultChoice.finish_reason': { why: 'cancelled and error are no end of an answer', as: one('stop', 'length', 'tool_calls', 'time_limit') },
    'TextChatResultMessage.role': ROLE,
    'TextChatToolCall.id': { why: 'a call without an id gets one', as: one('chatcmpl-tool-1', 'chatcmpl-tool-2') },
  },
  fit: {
    TextChatResponse: {
      why: 'choices have places of their own, and an answer has one at least',
      fit: (body) => ({
        ...body,
        choices: (list(body.choices).length === 0 ? [{ message: { role: 'assistant', content: 'x' } }] : list(body.choices)).map((c, index) => ({
          ...c,
          index,
        })),
      }),
    },
  },
};
holds('TextChatResponse', ANSWER, (body) => plain(answerOf(readWhole(body))), answered);

describe('a stream of what TextChatResponse of the SDK can hold', () => {
  const type = types.get('TextChatResponse');
  const named = (choice: Fields): boolean => list((choice.message as Fields | undefined)?.tool_calls).every((c) => (c.function as Fields).name !== '');
  it.each([false, true])('is read as the answer that comes whole; the reason in an event of its own: %s', (alone) => {
    if (type === undefined) throw new Error('no type');
    const law = (value: unknown): void => {
      const body = answered(value as Fields);
      if (!list(body.choices).every(named)) return;
      const stream = readStream(streamOf({ ...body, usage: body.usage ?? {} }, alone));
      const { rest: _streamed, ...told } = normalReply(stream);
      const { rest: _whole, ...whole } = normalReply(readWhole({ ...body, usage: body.usage ?? {} }));
      expect(plain(told)).toEqual(plain(whole));
    };
    fc.assert(fc.property(valuesOf(type, ANSWER), law), { numRuns: 200 });
  });
});

const embeddings = surfaceOf('embeddings');
const rerank = surfaceOf('rerank');
const generation = surfaceOf('generation');
const vector = { why: 'a vector has numbers', as: one([0.5, -0.25], [1]) };
holds(
  'EmbeddingsResponse',
  { exclude: { 'Embedding.embedding': vector, 'EmbeddingsResponse.input_token_count': { why: 'it is a count', as: fc.nat(1000) } } },
  (body) => {
    const read = embeddings.provider?.read(replyOf(body), callOf(embeddings), undefined) as {
      readonly vectors: readonly Float32Array[];
      readonly usage: { readonly input: number };
    };
    return [read.vectors.map((v) => [...v]), read.usage.input];
  },
  (body) => [list(body.results).map(({ embedding }) => embedding), body.input_token_count],
);
holds(
  'RerankResponse',
  { exclude: { 'RerankResponse.input_token_count': { why: 'it is a count', as: fc.nat(1000) } } },
  (body) => {
    const read = rerank.provider?.read(replyOf(body), callOf(rerank), undefined) as {
      readonly model?: string;
      readonly results: readonly object[];
      readonly usage: { readonly input: number };
    };
    return [read.model, read.results, read.usage.input];
  },
  (body) => [
    body.model_id,
    list(body.results)
      .map(({ index, score }) => ({ index, score }))
      .toSorted((a, b) => Number(b.score) - Number(a.score)),
    body.input_token_count,
  ],
);
const REASONS: Readonly<Record<string, string>> = {
  eos_token: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  token_limit: 'length',
  time_limit: 'length',
};
holds(
  'TextGenResponse',
  {
    exclude: {
      'TextGenResponseFieldsResultsItem.stop_reason': { why: 'cancelled and error are no end', as: one(...Object.keys(REASONS), 'MAX_TOKENS') },
      'TextGenResponseFieldsResultsItem.generated_token_count': { why: 'it is a count', as: fc.nat(1000) },
      'TextGenResponseFieldsResultsItem.input_token_count': { why: 'it is a count', as: fc.nat(1000) },
      'TextGenResponse.model_id': { why: 'an answer without a model is the asked one’s', as: one('google/flan-ul2') },
      'TextGenResponse.created_at': { why: 'it is a time', as: one('2026-11-23T00:00:00.000Z') },
    },
    fit: {
      TextGenResponse: {
        why: 'there is one result',
        fit: (body) => ({ ...body, results: [list(body.results)[0] ?? { generated_text: 'x', stop_reason: 'eos_token' }] }),
      },
    },
  },
  (body) => {
    const read = generation.provider?.read(replyOf(body), callOf(generation), undefined) as ReturnType<typeof readWhole>;
    const [choice] = read.choices;
    return parseJson(stringifyJson([read.model, choice?.parts, choice?.finish, choice?.rest ?? {}, read.usage.input, read.usage.output, read.rest?.fields]));
  },
  (body) => {
    const { generated_text: text, stop_reason: reason, generated_token_count: output = 0, input_token_count: input = 0, ...rest } = list(body.results)[0] ?? {};
    const { model_id: model, results: _results, ...fields } = body;
    return parseJson(stringifyJson([model, [{ kind: 'text', text }], REASONS[String(reason).toLowerCase()], rest, input, output, fields]));
  },
);
