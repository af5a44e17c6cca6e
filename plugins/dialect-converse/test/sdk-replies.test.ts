import { type Json, parseJson } from '@llm-proxy-auth/plugin';
import { jsonValue } from '@llm-proxy-auth/plugin/generators';
import fc from 'fast-check';
import { holds } from './sdk-types.ts';
import { answered, callOf, counting, readReply, replyOf } from './support.ts';

const ANY = { why: 'any JSON value, which the type says by holding itself', as: jsonValue() };
const DOCUMENT = {
  why: 'any JSON object, which the type says by holding itself',
  as: fc.dictionary(fc.constantFrom('a', 'b'), jsonValue(), { maxKeys: 2, noNullPrototype: true }),
};
holds({
  type: 'ConverseResponse',
  carried: (wire) => answered(readReply(wire)),
  decisions: {
    exclude: {
      'ToolUseBlock.input': ANY,
      'ToolResultContentBlock.JsonMember.json': ANY,
      'ConverseResponse.additionalModelResponseFields': DOCUMENT,
    },
    fit: {
      ConverseResponse: {
        why: 'an answer has a message',
        fit: (value) => ({ ...value, output: value.output ?? { message: { role: 'assistant', content: [] } } }),
      },
      Message: { why: 'an answer is the assistant’s', fit: (value) => ({ content: [], ...value, role: 'assistant' }) },
    },
  },
});
holds({
  type: 'CountTokensResponse',
  carried: (wire): Json => {
    const count = counting.provider?.read(replyOf(wire), callOf(), undefined);
    return count === undefined ? undefined : parseJson(String(counting.client?.write(count, callOf()).body));
  },
  decisions: { fit: { CountTokensResponse: { why: 'an answer without a number is none', fit: (value) => ({ inputTokens: 1, ...value }) } } },
});
