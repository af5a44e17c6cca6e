import { sseFrame } from '../../http/answer.ts';
import { type Fields, fieldsOf, isFields, listOf, textOf } from '../../openai/check.ts';
import { tokens } from '../../openai/tokens.ts';
import { type Prompt, type Tool, type Turn, turn } from '../../openai/turn.ts';
import { lacksIds, partsOf } from './contents.ts';
import type { Context } from './context.ts';
import type { Checked } from './generate-check.ts';
import type { Gemini } from './models.ts';
import { asJsonSchema } from './schema.ts';
import { signCall, signText } from './signature.ts';

const THOUGHTS = 16;
const thinks = ({ thinking }: Gemini, config: Fields): boolean => thinking !== 'none' && fieldsOf(config.thinkingConfig).thinkingBudget !== 0;

const mediaIn = (parts: readonly Fields[]): string[] =>
  parts.flatMap((part) => {
    const mime = textOf(fieldsOf(part.inlineData ?? part.fileData).mimeType);
    return mime === '' ? [] : [mime.startsWith('image/') ? 'image' : mime.startsWith('audio/') ? 'audio' : mime.startsWith('video/') ? 'video' : 'document'];
  });
const resultOf = (response: unknown): string => {
  const { output, result, content, error } = fieldsOf(response);
  const known = output ?? result ?? content ?? error ?? response;
  return typeof known === 'string' ? known : JSON.stringify(known);
};
const declared = ({ tools, body }: Checked): Pick<Prompt, 'tools' | 'choice'> => {
  const calling = fieldsOf(fieldsOf(body.toolConfig).functionCallingConfig);
  const allowed = Array.isArray(calling.allowedFunctionNames) ? calling.allowedFunctionNames.map(String) : [];
  const all = tools.flatMap(({ functionDeclarations }) =>
    listOf(functionDeclarations).map(
      (one): Tool => ({
        kind: 'function',
        name: textOf(one.name),
        schema: one.parametersJsonSchema ?? (one.parameters === undefined ? { type: 'object' } : asJsonSchema(one.parameters)),
      }),
    ),
  );
  const mode = textOf(calling.mode).toUpperCase();
  return {
    tools: allowed.length === 0 ? all : all.filter(({ name }) => allowed.includes(name)),
    choice: mode === 'ANY' ? 'required' : mode === 'NONE' ? 'none' : 'auto',
  };
};
const formatOf = (config: Fields): Prompt['format'] => {
  if (config.responseMimeType !== 'application/json') return { kind: 'text' };
  const schema = config.responseJsonSchema ?? (config.responseSchema === undefined ? undefined : asJsonSchema(config.responseSchema));
  return schema === undefined ? { kind: 'json_object' } : { kind: 'json_schema', schema };
};
const textIn = (parts: readonly Fields[]): string =>
  parts
    .filter(({ thought }) => thought !== true)
    .map(({ text }) => textOf(text))
    .filter((text) => text !== '')
    .join('\n');
const promptOf = (checked: Checked, model: Gemini): Prompt => {
  const { contents, config, inputTokens } = checked;
  const last = partsOf(contents.at(-1));
  const results = last.flatMap(({ functionResponse }) => (isFields(functionResponse) ? [resultOf(functionResponse.response)] : []));
  const max = config.maxOutputTokens;
  return {
    text: textIn(last),
    toolResult: results.length === 0 ? undefined : results.join('\n'),
    media: mediaIn(last),
    inputTokens,
    ...declared(checked),
    parallel: true,
    format: formatOf(config),
    maxTokens: typeof max === 'number' ? max : undefined,
    stop: Array.isArray(config.stopSequences) ? config.stopSequences.map(String) : [],
    reasoning: thinks(model, config) ? THOUGHTS : 0,
  };
};

const FINISH = { stop: 'STOP', length: 'MAX_TOKENS', tool_calls: 'STOP', content_filter: 'SAFETY' } as const;
/** An answer before it is put on the wire. */
export type Spoken = {
  readonly candidates: readonly { readonly parts: readonly Fields[]; readonly finish: string; readonly said: Turn }[];
  readonly blocked: boolean;
  readonly usage: Fields;
  readonly model: Gemini;
  readonly id: string;
  readonly time: string;
  readonly logprobs: boolean;
};
const partsSaid = (call: Context, said: Turn, model: Gemini, config: Fields): Fields[] => {
  const thinking = fieldsOf(config.thinkingConfig);
  const thoughts =
    said.reasoningTokens > 0 && thinking.includeThoughts === true ? [{ text: '**Considering the request**\n\nI look at what was asked.', thought: true }] : [];
  const signs = said.reasoningTokens > 0;
  const calls = said.calls.map(({ name, input }, index) => {
    const args: unknown = JSON.parse(input);
    // Empty arguments are left out, and only the first of parallel calls is signed.
    const functionCall = { ...(model.major >= 3 ? { id: call.id(8).toLowerCase() } : {}), name, ...(JSON.stringify(args) === '{}' ? {} : { args }) };
    return { functionCall, ...(signs && index === 0 ? { thoughtSignature: signCall(name, args) } : {}) };
  });
  const { text } = said;
  const spoken = text === undefined || text === '' ? [] : [{ text, ...(signs && model.major >= 3 ? { thoughtSignature: signText(text) } : {}) }];
  return [...thoughts, ...spoken, ...calls];
};
const modality = (tokenCount: number) => [{ modality: 'TEXT', tokenCount }];
const usageOf = ({ inputTokens, cachedTokens }: Checked, all: readonly Turn[]): Fields => {
  const thoughts = all.reduce((sum, one) => sum + one.reasoningTokens, 0);
  const candidates = all.reduce((sum, one) => sum + one.outputTokens, 0) - thoughts;
  return {
    promptTokenCount: inputTokens,
    ...(candidates === 0 ? {} : { candidatesTokenCount: candidates }),
    totalTokenCount: inputTokens + candidates + thoughts,
    ...(cachedTokens === 0 ? {} : { cachedContentTokenCount: cachedTokens }),
    trafficType: 'ON_DEMAND',
    promptTokensDetails: modality(inputTokens),
    ...(candidates === 0 ? {} : { candidatesTokensDetails: modality(candidates) }),
    ...(thoughts === 0 ? {} : { thoughtsTokenCount: thoughts }),
  };
};
/** What is said to a request that was found in order. */
export const speak = (call: Context, checked: Checked, model: Gemini): Spoken => {
  const { config, contents } = checked;
  const prompt = promptOf(checked, model);
  const mute = lacksIds(contents, model);
  const turns = Array.from({ length: Number(config.candidateCount ?? 1) }, (_, index) => turn(prompt, index));
  const blocked = turns.some(({ refusal }) => refusal !== undefined);
  return {
    candidates: turns.map((said) => ({
      said,
      parts: mute || said.finish === 'content_filter' ? [] : partsSaid(call, said, model, config),
      finish: FINISH[said.finish],
    })),
    blocked,
    usage: blocked ? { promptTokenCount: checked.inputTokens, totalTokenCount: checked.inputTokens } : usageOf(checked, turns),
    model,
    id: call.id(22),
    time: new Date(call.now()).toISOString(),
    logprobs: config.responseLogprobs === true,
  };
};

const logprobsOf = (text: string): Fields => {
  const pieces = tokens(text).map((token) => ({ token, logProbability: -0.1 }));
  return { chosenCandidates: pieces, topCandidates: pieces.map((one) => ({ candidates: [one] })) };
};
const tail = ({ usage, model, time, id }: Spoken): Fields => ({ usageMetadata: usage, modelVersion: model.id, createTime: time, responseId: id });
const promptFeedback = {
  blockReason: 'PROHIBITED_CONTENT',
  blockReasonMessage: 'The prompt could not be submitted. The prompt contains sensitive words that violate the policy.',
};

/** A whole answer; an index of 0 is left out. */
export const whole = (spoken: Spoken): Fields => {
  if (spoken.blocked) return { promptFeedback, ...tail(spoken) };
  const candidates = spoken.candidates.map(({ parts, finish, said }, index) => ({
    content: { role: 'model', ...(parts.length === 0 ? {} : { parts }) },
    finishReason: finish,
    ...(index === 0 ? {} : { index }),
    avgLogprobs: -0.1,
    ...(spoken.logprobs ? { logprobsResult: logprobsOf(said.text ?? '') } : {}),
  }));
  return { candidates, ...tail(spoken) };
};
/** Parts as a stream brings them: text in pieces, a call whole, a signature of text on an empty part at the end. */
const pieces = (parts: readonly Fields[]): Fields[] =>
  parts.flatMap((part): Fields[] => {
    if (typeof part.text !== 'string' || part.thought === true) return [part];
    const { thoughtSignature, text } = part;
    return [...tokens(text).map((piece) => ({ text: piece })), ...(thoughtSignature === undefined ? [] : [{ text: '', thoughtSignature }])];
  });
/** The objects of a stream: usage stands in the last one. */
export const chunks = (spoken: Spoken): Fields[] => {
  if (spoken.blocked) return [{ promptFeedback, ...tail(spoken) }];
  const head = { usageMetadata: { trafficType: 'ON_DEMAND' }, modelVersion: spoken.model.id, createTime: spoken.time, responseId: spoken.id };
  const said = spoken.candidates.flatMap(({ parts }, index) => pieces(parts).map((part) => ({ part, index })));
  const finished = spoken.candidates.map(({ finish }, index) => ({ finishReason: finish, ...(index === 0 ? {} : { index }) }));
  return [
    ...said.map(({ part, index }) => ({ candidates: [{ content: { role: 'model', parts: [part] }, ...(index === 0 ? {} : { index }) }], ...head })),
    { candidates: finished.map((one) => ({ content: { role: 'model', parts: [{ text: '' }] }, ...one })), ...tail(spoken) },
  ];
};
/** Events end in carriage returns too, have no names, and nothing follows the last. */
export const eventsOf = (all: readonly Fields[]): Buffer[] => all.map((one) => Buffer.from(sseFrame(one).toString('utf8').replace(/\n\n$/, '\r\n\r\n')));
const LIST_END = ']';
/** Without alt=sse a stream is one list, sent as it grows. */
export const listPieces = (all: readonly Fields[]): Buffer[] => [
  ...all.map((one, index) => Buffer.from(`${index === 0 ? '[' : ',\r\n'}${JSON.stringify(one, undefined, 2)}`)),
  Buffer.from(LIST_END),
];
