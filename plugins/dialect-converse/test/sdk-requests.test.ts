import type { Json } from '@llm-proxy-auth/plugin';
import { jsonValue } from '@llm-proxy-auth/plugin/generators';
import fc from 'fast-check';
import { type Fields, holds } from './sdk-types.ts';
import { callOf, counting, inboundOf, ledger, through } from './support.ts';

const MODEL = { why: 'it stands in the path' };
const object = fc.dictionary(fc.constantFrom('top_k', 'thinking', 'x'), jsonValue(), { maxKeys: 2, noNullPrototype: true });
const DOCUMENT = { why: 'any JSON object, which the type says by holding itself', as: object };
const ANY = { why: 'any JSON value, which the type says by holding itself', as: jsonValue() };
const SCHEMA = { why: 'a string that holds JSON', as: fc.constantFrom('{"type":"object"}', '{ "a": [1, 2] }', 'true') };
const exclude = {
  'ToolUseBlock.input': DOCUMENT,
  'ToolResultContentBlock.JsonMember.json': ANY,
  'ToolInputSchema.JsonMember.json': DOCUMENT,
};
holds({
  type: 'ConverseRequest',
  carried: (wire) => through(wire),
  decisions: {
    exclude: {
      ...exclude,
      'ConverseRequest.modelId': MODEL,
      'ConverseRequest.additionalModelRequestFields': DOCUMENT,
      'JsonSchemaDefinition.schema': SCHEMA,
    },
  },
});
holds({
  type: 'ConverseStreamRequest',
  carried: (wire) => through(wire),
  decisions: {
    exclude: {
      ...exclude,
      'ConverseStreamRequest.modelId': MODEL,
      'ConverseStreamRequest.additionalModelRequestFields': DOCUMENT,
      'JsonSchemaDefinition.schema': SCHEMA,
    },
  },
});
const counted = (wire: Fields): Json => {
  const request = counting.client?.read(inboundOf(wire), ledger());
  return request === undefined ? undefined : counting.provider?.write(request, callOf()).body;
};
holds({
  type: 'CountTokensRequest',
  carried: counted,
  decisions: {
    exclude: {
      ...exclude,
      'CountTokensRequest.modelId': MODEL,
      'CountTokensInput.InvokeModelMember': { why: 'a body of the model’s own passes or is refused by name' },
      'ConverseTokensRequest.additionalModelRequestFields': DOCUMENT,
    },
    fit: { CountTokensRequest: { why: 'the service demands it', fit: (value) => ({ input: { converse: {} }, ...value }) } },
  },
});
