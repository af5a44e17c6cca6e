import { type Fields, fieldsOf, listOf, textOf } from '../../openai/check.ts';
import { count } from '../../openai/tokens.ts';
import type { Context } from './context.ts';
import { converse } from './converse.ts';
import { embed, rerank } from './embeddings.ts';
import { chunkFrames, message, messageStream } from './messages.ts';
import type { Model } from './models.ts';
import { refuse } from './refusal.ts';

/** Body of InvokeModel, and what its token headers say. */
export type Invoked = { readonly body: Fields; readonly input: number; readonly output: number };

const malformed = (what: string) => refuse.validation(`Malformed input request: ${what}, please reformat your input and try again.`);

const titanText = (body: Fields): Invoked => {
  const { inputText, textGenerationConfig, ...rest } = body;
  const [extraneous] = Object.keys(rest);
  if (extraneous !== undefined) throw malformed(`#: extraneous key [${extraneous}] is not permitted`);
  if (typeof inputText !== 'string') throw malformed('#: required key [inputText] not found');
  const limit = Number(fieldsOf(textGenerationConfig).maxTokenCount ?? 512);
  const words = `You said: ${inputText}`.split(/(?<=\s)/).slice(0, limit);
  const output = words.length;
  const body_ = {
    inputTextTokenCount: count(inputText),
    results: [{ tokenCount: output, outputText: words.join(''), completionReason: output === limit ? 'LENGTH' : 'FINISH' }],
  };
  return { body: body_, input: count(inputText), output };
};

const plainText = (body: Fields, member: 'prompt' | 'message'): string => {
  const given = body[member];
  if (typeof given !== 'string') throw malformed(`#: required key [${member}] not found`);
  return given;
};

const llama = (body: Fields): Invoked => {
  const prompt = plainText(body, 'prompt');
  const generation = `You said: ${prompt}`;
  const [input, output] = [count(prompt), count(generation)];
  return { body: { generation, prompt_token_count: input, generation_token_count: output, stop_reason: 'stop' }, input, output };
};

const mistral = (call: Context, model: Model, body: Fields): Invoked => {
  if (Array.isArray(body.messages)) return viaChat(call, model, body);
  const prompt = plainText(body, 'prompt');
  const text = `You said: ${prompt.replace(/<s>|\[\/?INST\]/g, '').trim()}`;
  return { body: { outputs: [{ text, stop_reason: 'stop' }] }, input: count(prompt), output: count(text) };
};

const cohereChat = (call: Context, body: Fields): Invoked => {
  const message_ = plainText(body, 'message');
  const text = `You said: ${message_}`;
  const chat_history = [...listOf(body.chat_history), { role: 'USER', message: message_ }, { role: 'CHATBOT', message: text }];
  return {
    body: { response_id: call.requestId(), text, generation_id: call.requestId(), chat_history, finish_reason: 'COMPLETE' },
    input: count(message_),
    output: count(text),
  };
};

/** The older Command: generations of one prompt. */
const cohereText = (call: Context, body: Fields): Invoked => {
  const prompt = plainText(body, 'prompt');
  const text = `You said: ${prompt}`;
  const generations = [{ id: call.requestId(), text, finish_reason: 'COMPLETE' }];
  return { body: { id: call.requestId(), generations, prompt }, input: count(prompt), output: count(text) };
};

const viaChat = (call: Context, model: Model, body: Fields): Invoked => {
  const made = call.openai.completion({ ...body, model: model.id });
  const usage = fieldsOf(made.usage);
  return { body: made, input: Number(usage.prompt_tokens ?? 0), output: Number(usage.completion_tokens ?? 0) };
};

/** Nova takes the shapes of Converse, with `schemaVersion`, and has no documents here. */
const novaBody = (body: Fields): Fields => {
  const { schemaVersion, reasoningConfig, ...rest } = body;
  if (schemaVersion !== undefined && schemaVersion !== 'messages-v1') throw malformed('#/schemaVersion: messages-v1 is the only possible value');
  for (const key of Object.keys(rest)) {
    if (!['messages', 'system', 'inferenceConfig', 'toolConfig', 'additionalModelRequestFields'].includes(key)) {
      throw malformed(`#: extraneous key [${key}] is not permitted`);
    }
  }
  const { topK: _, max_new_tokens, ...inference } = fieldsOf(rest.inferenceConfig);
  const inferenceConfig = { ...inference, ...(max_new_tokens === undefined ? {} : { maxTokens: max_new_tokens }) };
  return { ...rest, inferenceConfig, ...(reasoningConfig === undefined ? {} : { additionalModelRequestFields: { reasoningConfig } }) };
};

const novaUsage = (usage: Fields): Fields => ({
  inputTokens: usage.inputTokens,
  outputTokens: usage.outputTokens,
  totalTokens: usage.totalTokens,
  cacheReadInputTokenCount: usage.cacheReadInputTokens ?? 0,
  cacheWriteInputTokenCount: usage.cacheWriteInputTokens ?? 0,
});

const nova = (call: Context, model: Model, body: Fields): Invoked => {
  const { output, stopReason, usage } = converse(call, model, novaBody(body));
  const counted = fieldsOf(usage);
  return { body: { output, stopReason, usage: novaUsage(counted) }, input: Number(counted.inputTokens), output: Number(counted.outputTokens) };
};

/** InvokeModel by family of model. */
export const invoke = (call: Context, model: Model, body: Fields): Invoked => {
  switch (model.family) {
    case 'anthropic': {
      const { message: made, said } = message(call, model, body);
      return { body: made, input: said.usage.input, output: said.usage.output };
    }
    case 'nova':
      return nova(call, model, body);
    case 'titan-text':
      return titanText(body);
    case 'llama':
      return llama(body);
    case 'mistral':
      return mistral(call, model, body);
    case 'cohere-chat':
      return cohereChat(call, body);
    case 'cohere-text':
      return cohereText(call, body);
    case 'openai':
      return viaChat(call, model, body);
    case 'cohere-rerank':
    case 'amazon-rerank':
      return rerank(model, body);
    default:
      return embed(model, body);
  }
};

const halves = (text: string): string[] => text.split(/(?<=\s)/);

/** The native stream objects of the families that have one. */
const nativeChunks = (call: Context, model: Model, body: Fields): unknown[] => {
  if (model.family === 'openai' || (model.family === 'mistral' && Array.isArray(body.messages))) return call.openai.chunks({ ...body, model: model.id });
  const { body: made, input, output } = invoke(call, model, body);
  const metrics = { 'amazon-bedrock-invocationMetrics': { inputTokenCount: input, outputTokenCount: output, invocationLatency: 400, firstByteLatency: 100 } };
  if (model.family === 'titan-text') {
    const [first = {}] = listOf(made.results);
    return [
      {
        outputText: first.outputText,
        index: 0,
        totalOutputTextTokenCount: output,
        completionReason: first.completionReason,
        inputTextTokenCount: input,
        ...metrics,
      },
    ];
  }
  if (model.family === 'llama') {
    const parts = halves(textOf(made.generation)).map((generation) => ({ generation, prompt_token_count: null, generation_token_count: 1, stop_reason: null }));
    return [...parts, { generation: '', prompt_token_count: input, generation_token_count: output, stop_reason: 'stop', ...metrics }];
  }
  if (model.family === 'mistral')
    return [...listOf(made.outputs).map((one) => ({ outputs: [one] })), { outputs: [{ text: '', stop_reason: 'stop' }], ...metrics }];
  if (model.family === 'cohere-chat') {
    const parts = halves(textOf(made.text)).map((text) => ({ event_type: 'text-generation', text, is_finished: false }));
    return [...parts, { event_type: 'stream-end', is_finished: true, finish_reason: 'COMPLETE', response: made, ...metrics }];
  }
  if (model.family === 'cohere-text') {
    const parts = listOf(made.generations).flatMap(({ text }) => halves(textOf(text)).map((one) => ({ is_finished: false, text: one })));
    return [...parts, { finish_reason: 'COMPLETE', is_finished: true, ...metrics }];
  }
  throw refuse.validation(`The model is unsupported for streaming.`);
};

const novaChunks = (call: Context, model: Model, body: Fields): unknown[] => {
  const { output, stopReason, usage } = converse(call, model, novaBody(body));
  const { message: made } = fieldsOf(output);
  const blocks = listOf(fieldsOf(made).content).flatMap((block, contentBlockIndex): unknown[] => {
    const tool = fieldsOf(block.toolUse);
    const opened =
      block.toolUse === undefined ? [] : [{ contentBlockStart: { start: { toolUse: { toolUseId: tool.toolUseId, name: tool.name } }, contentBlockIndex } }];
    const delta = block.toolUse === undefined ? block : { toolUse: { input: JSON.stringify(tool.input) } };
    return [...opened, { contentBlockDelta: { delta, contentBlockIndex } }, { contentBlockStop: { contentBlockIndex } }];
  });
  const counted = fieldsOf(usage);
  const metrics = { inputTokenCount: counted.inputTokens, outputTokenCount: counted.outputTokens, invocationLatency: 400, firstByteLatency: 100 };
  return [
    { messageStart: { role: 'assistant' } },
    ...blocks,
    { messageStop: { stopReason } },
    { metadata: { usage: novaUsage(counted), metrics: {}, trace: {} }, 'amazon-bedrock-invocationMetrics': metrics },
  ];
};

/** The frames of InvokeModelWithResponseStream. */
export const invokeStream = (call: Context, model: Model, body: Fields): Buffer[] => {
  if (model.family === 'anthropic') return messageStream(call, model, body);
  return chunkFrames(call, model.family === 'nova' ? novaChunks(call, model, body) : nativeChunks(call, model, body));
};
