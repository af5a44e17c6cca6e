import { type AnySurface, parseJson, type Surface, stringifyJson } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { models } from '../src/models/surface.ts';
import { holds } from './sdk-types.ts';
import { answered, bytesOf, callOf, type Fields, read } from './support.ts';

/** Provider half, then client half, for a client that asked for the model that answered. */
const back = (body: Fields): unknown => answered(read(body), { requestedModel: String(body.model) });
const ID = { why: 'an answer without an id gets one', as: fc.nat(999).map((n) => `msg_${n}`) };
const MODEL = { why: 'an answer without a model is the asked one’s', as: fc.constantFrom('claude-opus-5-5', 'claude-haiku-4-5') };

const OBJECT = { why: 'the input of a call is an object', as: fc.constantFrom({}, { a: [1, null] }, { input: 'x' }) };

holds({ type: 'Message', carried: back, decisions: { exclude: { 'Message.id': ID, 'Message.model': MODEL, 'ToolUseBlock.input': OBJECT } } });
holds({ type: 'BetaMessage', carried: back, decisions: { exclude: { 'BetaMessage.id': ID, 'BetaMessage.model': MODEL, 'BetaToolUseBlock.input': OBJECT } } });

/** What is told of a model is its name, age, end and context; the rest is the vendor's own affair and passes with the bytes. */
const listed = (model: Fields): unknown => {
  const { client, provider } = models as AnySurface as Surface<'models'>;
  const call = callOf({});
  const known = provider?.read({ status: 200, headers: [], body: bytesOf(stringifyJson(model)) }, call, undefined) ?? [];
  const told = parseJson(String(client?.write(known, call).body)) as Fields;
  return (told.data as readonly unknown[])[0];
};
const PAST = '2020-01-05T00:00:00Z';
const DAY = { why: 'it is a time, or none', as: fc.constantFrom(null, PAST, '2099-01-05T00:00:00Z') };
const told = ({ id, created_at, deprecated_at, retires_at, max_input_tokens, type }: Fields): Fields => ({
  type,
  id,
  display_name: id,
  created_at,
  lifecycle: retires_at === PAST ? 'retired' : deprecated_at === PAST ? 'deprecated' : 'active',
  deprecated_at: deprecated_at ?? null,
  retires_at: retires_at ?? null,
  line: null,
  max_input_tokens,
  max_tokens: null,
  capabilities: null,
});
holds({
  type: 'ModelInfo',
  carried: listed,
  expected: told,
  decisions: {
    exclude: {
      'ModelInfo.created_at': { why: 'it is a time', as: fc.constantFrom('2026-02-04T00:00:00Z', '2025-10-01T12:30:05Z') },
      'ModelInfo.deprecated_at': DAY,
      'ModelInfo.retires_at': DAY,
      'ModelInfo.id': { why: 'the line is told by the name', as: fc.constantFrom('claude-next', 'm') },
    },
  },
});
