import { holds } from './sdk-types.ts';
import { readReply } from './support.ts';

type Fields = Readonly<Record<string, unknown>>;
const choice = (message: Fields, more: Fields = {}): Fields => ({ index: 0, message: { role: 'ASSISTANT', ...message }, finishReason: 'stop', ...more });
const generic = (one: Fields) => readReply('generic', { apiFormat: 'GENERIC', choices: [one] });
const cohere = (more: Fields) => readReply('cohere', { apiFormat: 'COHERE', text: 'x', finishReason: 'COMPLETE', ...more });
const v2 = (message: Fields, more: Fields = {}) =>
  readReply('coherev2', { apiFormat: 'COHEREV2', id: 'i', message: { role: 'ASSISTANT', content: [], ...message }, finishReason: 'COMPLETE', ...more });
/** Words that choose: other tests read each. */
const WORDS = new Set(['apiFormat', 'finishReason', 'timeCreated', 'role', 'type', 'index', 'totalTokens']);
const TOP = new Set([...WORDS, 'serviceTier', 'startIndex', 'endIndex']);
const LISTS = {
  Logprobs: {
    why: 'the lists stand side by side, each as long as that of the tokens, and figures are figures',
    fit: (value: Fields): Fields => {
      if (!Array.isArray(value.tokens)) return value;
      const { length } = value.tokens;
      const cut = ([name, list]: [string, unknown]) => [name, Array.isArray(list) && name !== 'textOffset' ? list.slice(0, length) : list];
      const figures = (list: unknown) =>
        Array.isArray(list) ? list.map((one: object) => Object.fromEntries(Object.keys(one).map((token) => [token, '-0.5']))) : list;
      const { topLogprobs, ...rest } = Object.fromEntries(Object.entries(value).map(cut)) as Fields;
      return topLogprobs === undefined ? rest : { ...rest, topLogprobs: figures(topLogprobs) };
    },
  },
};
const NAMED = { CohereToolCall: { why: 'a call has a name', fit: (value: Fields): Fields => ({ ...value, name: value.name || 'f' }) } };
const NESTED = {
  CohereToolCallV2: {
    why: 'a call names its function',
    fit: (value: Fields): Fields => ({ ...value, id: value.id || 'i', function: { name: 'f', arguments: JSON.stringify(value.function ?? {}) } }),
  },
};
const whole = (type: string, members: Fields) => ({
  [type]: { why: 'an answer that failed is an error, and one without a choice none', fit: (value: Fields): Fields => ({ ...value, ...members }) },
});

holds({ type: 'TextContent', said: WORDS, decisions: {}, read: (value) => generic(choice({ content: [{ ...value, type: 'TEXT' }] })) });
holds({
  type: 'FunctionCall',
  said: WORDS,
  decisions: { fit: { FunctionCall: { why: 'a call has a name', fit: (value) => ({ ...value, name: value.name || 'f' }) } } },
  read: (value) => generic(choice({ toolCalls: [{ ...value, type: 'FUNCTION' }] })),
});
holds({
  type: 'Usage',
  said: WORDS,
  decisions: {},
  read: (value) => readReply('generic', { apiFormat: 'GENERIC', choices: [choice({})], usage: value }),
});
holds({
  type: 'Logprobs',
  said: WORDS,
  decisions: { fit: LISTS },
  read: (value) => generic(choice({ content: [{ type: 'TEXT', text: 'x' }] }, { logprobs: value })),
});
holds({ type: 'AssistantMessage', said: TOP, decisions: {}, read: (value) => generic(choice({ ...value, role: 'ASSISTANT' })) });
holds({ type: 'ChatChoice', said: TOP, decisions: { fit: LISTS }, read: (value) => generic({ ...value, finishReason: 'stop' }) });
holds({
  type: 'GenericChatResponse',
  said: TOP,
  decisions: {
    fit: {
      ...LISTS,
      GenericChatResponse: {
        why: 'an answer has a choice',
        fit: (value: Fields): Fields => (Array.isArray(value.choices) && value.choices.length > 0 ? value : { ...value, choices: [choice({})] }),
      },
    },
  },
  read: (value) => readReply('generic', value),
});
holds({
  type: 'CohereChatResponse',
  said: TOP,
  decisions: { fit: { ...NAMED, ...whole('CohereChatResponse', { finishReason: 'COMPLETE' }) } },
  read: (value) => readReply('cohere', value),
});
holds({ type: 'CohereToolCall', said: TOP, decisions: { fit: NAMED }, read: (value) => cohere({ toolCalls: [value] }) });
holds({ type: 'Citation', said: TOP, decisions: {}, read: (value) => cohere({ citations: [value] }) });
holds({ type: 'CohereAssistantMessageV2', said: TOP, decisions: { fit: NESTED }, read: (value) => v2({ ...value, role: 'ASSISTANT' }) });
holds({ type: 'CohereTextContentV2', said: TOP, decisions: {}, read: (value) => v2({ content: [{ ...value, type: 'TEXT' }] }) });
holds({ type: 'CohereThinkingContentV2', said: TOP, decisions: {}, read: (value) => v2({ content: [{ ...value, type: 'THINKING' }] }) });
holds({ type: 'CohereToolCallV2', said: TOP, decisions: { fit: NESTED }, read: (value) => v2({ toolCalls: [value] }) });
holds({ type: 'CohereCitationV2', said: TOP, decisions: {}, read: (value) => v2({ citations: [value] }) });
holds({
  type: 'LogProbability',
  said: new Set([...TOP, 'logProbabilities']),
  decisions: {},
  read: (value) => v2({ content: [{ type: 'TEXT', text: 'x' }] }, { logProbabilities: [value] }),
});
holds({
  type: 'CohereChatResponseV2',
  said: new Set([...TOP, 'logProbabilities']),
  decisions: { fit: { ...NESTED, ...whole('CohereChatResponseV2', { finishReason: 'COMPLETE' }) } },
  read: (value) => readReply('coherev2', value),
});
