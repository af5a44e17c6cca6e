import { type Fields, fieldsOf, isFields, listOf, textOf } from '../../openai/check.ts';
import type { Context } from './context.ts';
import { checkConverse } from './converse-check.ts';
import { eventFrame } from './event-frame.ts';
import { claudeRefuses, pictureRefuses, schemaRefuses, strictTools } from './model-check.ts';
import { checkMarks, checkResults, lackingIn } from './model-lacks.ts';
import type { Model } from './models.ts';
import { refuse } from './refusal.ts';
import { type Answer, answer, type Block, type Message, promptTokens, type Talk, textsOf, type Usage } from './talk.ts';

const resultText = (content: unknown): string =>
  listOf(content)
    .map((one) => (typeof one.text === 'string' ? one.text : 'json' in one ? JSON.stringify(one.json) : `[${Object.keys(one)[0] ?? ''}]`))
    .join('\n');

const reasoningBlock = (value: Fields): Block => {
  if (typeof value.redactedContent === 'string') return { kind: 'redacted', data: value.redactedContent };
  const { text, signature } = fieldsOf(value.reasoningText);
  return { kind: 'reasoning', text: textOf(text), signature: textOf(signature) };
};

const blockOf = (given: Fields): Block | undefined => {
  const [name = '', value] = Object.entries(given)[0] ?? [];
  const fields = fieldsOf(value);
  switch (name) {
    case 'text':
      return { kind: 'text', text: textOf(value) };
    case 'guardContent':
      return { kind: 'text', text: textOf(fieldsOf(fields.text).text) };
    case 'citationsContent':
      return {
        kind: 'text',
        text: listOf(fields.content)
          .map((one) => textOf(one.text))
          .join(''),
      };
    case 'image':
    case 'document':
    case 'video':
    case 'audio':
      return { kind: 'media', media: name };
    case 'toolUse':
      return { kind: 'call', id: textOf(fields.toolUseId), name: textOf(fields.name), input: fields.input };
    case 'toolResult':
      return { kind: 'result', id: textOf(fields.toolUseId), text: resultText(fields.content) };
    case 'reasoningContent':
      return reasoningBlock(fields);
    case 'cachePoint':
      return undefined;
    default:
      return { kind: 'other', name };
  }
};

const isMark = (block: Fields): boolean => block.cachePoint !== undefined;

const messageOf = ({ role, content }: Fields): Message => ({
  role: role === 'assistant' || role === 'system' ? role : 'user',
  blocks: listOf(content).flatMap((one) => blockOf(one) ?? []),
});

/** Tokens in front of the last cache mark, wherever it stands. */
const markedIn = (body: Fields, talk: Pick<Talk, 'system' | 'messages' | 'tools'>): number => {
  const messages = listOf(body.messages);
  const last = messages.findLastIndex(({ content }) => listOf(content).some(isMark));
  if (last !== -1) return promptTokens({ ...talk, messages: talk.messages.slice(0, last + 1) });
  const marked = listOf(body.system).some(isMark) || listOf(fieldsOf(body.toolConfig).tools).some(isMark);
  return marked ? promptTokens({ ...talk, messages: [] }) : 0;
};

const schemaOf = (body: Fields, additional: Fields): unknown => {
  const wanted = fieldsOf(fieldsOf(fieldsOf(fieldsOf(body.outputConfig).textFormat).structure).jsonSchema).schema;
  if (typeof wanted !== 'string') return fieldsOf(fieldsOf(additional.output_config).format).schema;
  try {
    return JSON.parse(wanted);
  } catch {
    throw refuse.validation('The value at outputConfig.textFormat.structure.jsonSchema.schema is not valid JSON.');
  }
};

const choiceOf = (toolChoice: unknown, additional: Fields): Pick<Talk, 'choice' | 'forced'> => {
  const given = fieldsOf(toolChoice);
  const native = fieldsOf(additional.tool_choice);
  if (given.tool !== undefined) return { choice: 'required', forced: textOf(fieldsOf(given.tool).name) };
  if (native.type === 'tool') return { choice: 'required', forced: textOf(native.name) };
  if (native.type === 'none') return { choice: 'none', forced: undefined };
  return { choice: given.any !== undefined || native.type === 'any' ? 'required' : 'auto', forced: undefined };
};

const thinksIn = (model: Model, thinking: Fields | undefined): boolean => {
  if (model.claude === undefined) return false;
  if (thinking === undefined) return model.claude.thinks;
  return thinking.type === 'enabled' || thinking.type === 'adaptive';
};

/** Reads a request that Converse accepts; throws its refusal otherwise. */
export const readConverse = (model: Model, body: Fields): Talk => {
  checkConverse(body);
  const lacking = lackingIn(model, body);
  if (lacking !== undefined) throw refuse.validation(lacking);
  checkMarks(model, body);
  checkResults(model, body);
  const additional = fieldsOf(body.additionalModelRequestFields);
  const inference = fieldsOf(body.inferenceConfig);
  const config = fieldsOf(body.toolConfig);
  const thinking = isFields(additional.thinking) ? additional.thinking : undefined;
  const system = listOf(body.system)
    .map((one) => textOf(one.text))
    .join('\n');
  const tools = listOf(config.tools).flatMap(({ toolSpec }) =>
    isFields(toolSpec) ? [{ kind: 'function' as const, name: textOf(toolSpec.name), schema: fieldsOf(toolSpec.inputSchema).json }] : [],
  );
  const messages = listOf(body.messages).map(messageOf);
  const stop = Array.isArray(inference.stopSequences) ? inference.stopSequences.map(String) : [];
  const reasons = isFields(additional.reasoningConfig) && additional.reasoningConfig.type === 'enabled';
  const talk: Talk = {
    model,
    system,
    messages,
    tools,
    ...choiceOf(config.toolChoice, additional),
    parallel: fieldsOf(additional.tool_choice).disable_parallel_tool_use !== true,
    maxTokens: typeof inference.maxTokens === 'number' ? inference.maxTokens : undefined,
    stop,
    thinks: thinksIn(model, thinking) || reasons,
    schema: schemaOf(body, additional),
    marked: markedIn(body, { system, messages, tools }),
  };
  const betas = Array.isArray(additional.anthropic_beta) ? additional.anthropic_beta.map(String) : [];
  const refusal = claudeRefuses(talk, { temperature: inference.temperature, topP: inference.topP, topK: additional.top_k, thinking, betas });
  const strict = strictTools(
    listOf(config.tools).map(({ toolSpec }) => ({ strict: fieldsOf(toolSpec).strict, schema: fieldsOf(fieldsOf(toolSpec).inputSchema).json })),
  );
  const pictures = listOf(body.messages).flatMap(({ content }, index) =>
    listOf(content).flatMap(({ image }, at) =>
      isFields(image) ? [[`messages.${index}.content.${at}`, image.format, fieldsOf(image.source).bytes] as const] : [],
    ),
  );
  const looked = model.claude === undefined ? undefined : pictureRefuses(pictures);
  const union = tools.findIndex(({ schema }) => ['anyOf', 'oneOf', 'allOf'].some((key) => fieldsOf(schema)[key] !== undefined));
  const chosen =
    model.claude === undefined || union === -1
      ? undefined
      : `tools.${union}.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level`;
  const fault = refusal ?? chosen ?? looked ?? schemaRefuses([['output_config.format.schema', talk.schema], ...strict]);
  if (fault !== undefined) throw refuse.byModel(fault);
  return talk;
};

const stopReasons = {
  end: 'end_turn',
  tools: 'tool_use',
  length: 'max_tokens',
  stop: 'stop_sequence',
  filtered: 'content_filtered',
  refused: 'content_filtered',
} as const;

const usageOf = ({ input, output, cacheRead, cacheWrite }: Usage, marked: boolean): Fields => ({
  inputTokens: input,
  outputTokens: output,
  totalTokens: input + output + cacheRead + cacheWrite,
  ...(marked
    ? { cacheReadInputTokenCount: cacheRead, cacheReadInputTokens: cacheRead, cacheWriteInputTokenCount: cacheWrite, cacheWriteInputTokens: cacheWrite }
    : {}),
  serverToolUsage: {},
});

/** What a guardrail does to a text that says it wants to be stopped. */
const guarded = (body: Fields, talk: Talk): boolean =>
  isFields(body.guardrailConfig) && /\btrip the filter\b/i.test(textsOf(talk.messages.at(-1)?.blocks ?? []));

const blockedText = 'Sorry, the model cannot answer this question.';

type Spoken = { readonly said: Answer; readonly stopReason: string; readonly extra: Fields; readonly tail: Fields };

const speak = (call: Context, model: Model, body: Fields): Spoken => {
  const talk = readConverse(model, body);
  call.checkLength(talk);
  const made = answer(talk, () => call.id('tooluse_'), call.cached);
  const blocked = guarded(body, talk);
  const said: Answer = blocked ? { ...made, text: blockedText, calls: [], reasoning: undefined, redacted: undefined } : made;
  const paths = Array.isArray(body.additionalModelResponseFieldPaths) ? body.additionalModelResponseFieldPaths.map(String) : [];
  const wantsStop = paths.some((path) => path.endsWith('/stop_sequence'));
  const tier = fieldsOf(body.serviceTier).type;
  return {
    said,
    stopReason: blocked ? 'guardrail_intervened' : stopReasons[said.finish],
    extra: wantsStop ? { additionalModelResponseFields: { stop_sequence: said.stopSequence ?? null } } : {},
    tail: {
      usage: usageOf(said.usage, talk.marked > 0),
      metrics: { latencyMs: 400 },
      ...(tier === undefined ? {} : { serviceTier: { type: tier } }),
      ...(blocked && fieldsOf(body.guardrailConfig).trace === 'enabled'
        ? { trace: { guardrail: { inputAssessment: { [textOf(fieldsOf(body.guardrailConfig).guardrailIdentifier)]: { topicPolicy: { topics: [] } } } } } }
        : {}),
    },
  };
};

/** The whole answer of Converse. */
export const converse = (call: Context, model: Model, body: Fields): Fields => {
  const { said, stopReason, extra, tail } = speak(call, model, body);
  const content = [
    ...(said.reasoning === undefined ? [] : [{ reasoningContent: { reasoningText: said.reasoning } }]),
    ...(said.redacted === undefined ? [] : [{ reasoningContent: { redactedContent: said.redacted } }]),
    ...(said.text === undefined ? [] : [{ text: said.text }]),
    ...said.calls.map(({ id, name, input }) => ({ toolUse: { input, name, toolUseId: id } })),
  ];
  const { metrics, ...rest } = tail;
  return { metrics, output: { message: { content, role: 'assistant' } }, stopReason, ...extra, ...rest };
};

const pieces = (text: string, size: number): string[] => text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'gu')) ?? [];

/** Members in the order of the alphabet, as recorded. */
const sorted = (payload: Fields): Fields => Object.fromEntries(Object.entries(payload).sort(([a], [b]) => (a < b ? -1 : 1)));

/** The frames of ConverseStream: no start event for text and reasoning, padding `p` in every payload, `metadata` last. */
export const converseStream = (call: Context, model: Model, body: Fields): Buffer[] => {
  const { said, stopReason, extra, tail } = speak(call, model, body);
  const frames: Buffer[] = [];
  const send = (event: string, payload: Fields): void => void frames.push(eventFrame(event, sorted({ ...payload, p: call.padding() })));
  let index = -1;
  const block = (start: Fields | undefined, deltas: readonly Fields[]): void => {
    index += 1;
    if (start !== undefined) send('contentBlockStart', { contentBlockIndex: index, start });
    for (const delta of deltas) send('contentBlockDelta', { contentBlockIndex: index, delta });
    send('contentBlockStop', { contentBlockIndex: index });
  };
  send('messageStart', { role: 'assistant' });
  if (said.reasoning !== undefined) {
    const { text, signature } = said.reasoning;
    const signed = pieces(signature, 40).map((piece) => ({ reasoningContent: { signature: piece } }));
    block(undefined, [...pieces(text, 24).map((piece) => ({ reasoningContent: { text: piece } })), ...signed]);
  }
  if (said.redacted !== undefined) block(undefined, [{ reasoningContent: { redactedContent: said.redacted } }]);
  if (said.text !== undefined)
    block(
      undefined,
      pieces(said.text, 12).map((text) => ({ text })),
    );
  for (const { id, name, input } of said.calls) {
    const json = Object.keys(input).length === 0 ? '' : JSON.stringify(input);
    block(
      { toolUse: { name, toolUseId: id } },
      pieces(json, 10).map((piece) => ({ toolUse: { input: piece } })),
    );
  }
  send('messageStop', { ...extra, stopReason });
  send('metadata', tail);
  return frames;
};
