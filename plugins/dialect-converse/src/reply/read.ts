import {
  asObject,
  asText,
  type Call,
  type ChatReply,
  type Fields,
  GatewayError,
  header,
  type Json,
  type Part,
  parseJson,
  some,
  type UpstreamReply,
  unknownFields,
  unwrapInput,
} from '@llm-proxy-auth/plugin';
import { readBlocks } from '../blocks/read.ts';
import { jsonOf } from '../blocks/write.ts';
import { withForm } from '../form.ts';
import { readErrorReply } from '../read-error.ts';
import type { Memo } from '../request/foreign-tools.ts';
import { isEmpty, REST } from '../wire.ts';
import { answeredFinish, answeredParts } from './answer.ts';
import { checkFinish, ownWord, readFinish, stopSequenceOf } from './finish.ts';
import { noteBeyond, tierOf } from './foreign.ts';
import { NO_USAGE, readUsage } from './usage.ts';

const bad = (why: string, cause?: unknown): GatewayError => new GatewayError('upstream_bad_response', `The provider answered ${why}.`, { cause });
/** The object of a 200 answer. Throws `upstream_bad_response`, or the error that came under the 200. */
const replyObject = (reply: UpstreamReply): Fields => {
  let parsed: Json;
  try {
    parsed = parseJson(reply.body);
  } catch (cause) {
    throw bad('with something that is not JSON', cause);
  }
  const o = asObject(parsed);
  if (o === undefined) throw bad('with JSON that is not an object');
  return o;
};
const messageOf = (o: Fields, reply: UpstreamReply): Fields => {
  const message = asObject(asObject(o.output)?.message);
  if (message !== undefined && Array.isArray(message.content)) return message;
  if (o.output !== undefined || (asText(o.message) === undefined && o.__type === undefined && o.Output === undefined)) throw bad('without a message');
  const { code, message: said, ...extra } = readErrorReply(reply);
  throw new GatewayError(code, said, extra);
};
/** A call by the name that the client gave its tool; free text is taken out of the object it travelled in. */
export const renamed = (part: Part, memo: Memo | undefined): Part => {
  if (part.kind !== 'toolCall' || memo === undefined) return part;
  const name = memo.names.get(part.name) ?? part.name;
  if (memo.wrapped?.has(part.name) === true && 'json' in part.input) return { ...part, name, input: { json: unwrapInput(part.input.json) } };
  if (!memo.free.has(part.name)) return name === part.name ? part : { ...part, name };
  const text = 'json' in part.input ? freeText(part.input.json) : part.input.text;
  return { ...part, name, input: { text } };
};
/** What stands in the object that a tool of free text is called with. */
export const freeText = (json: string): string => asText(asObject(jsonOf(json))?.input) ?? json;

/** Empty text says nothing. */
export const isSilent = (part: Part): boolean => part.kind === 'text' && part.text === '';
const KNOWN: readonly string[] = ['output', 'stopReason', 'usage', 'serviceTier', 'additionalModelResponseFields'];
/** The model that a prompt router chose. */
export const routedModel = (trace: Json): string | undefined => asText(asObject(asObject(trace)?.promptRouter)?.invokedModelId);
/** A whole answer. Throws `upstream_bad_response` when it is none. */
export const readReply = (reply: UpstreamReply, call: Call, memo: Memo | undefined): ChatReply => {
  const o = replyObject(reply);
  const message = messageOf(o, reply);
  const model = routedModel(o.trace) ?? call.model;
  const said = readParts(message.content as readonly Json[], model);
  const parts = answeredParts(said, memo, call);
  const word = asText(o.stopReason);
  noteBeyond(o, memo, call);
  checkFinish(word, parts.every(isSilent), memo, call);
  const own = { ...some('stopReason', ownWord(word)), ...some('additionalModelResponseFields', o.additionalModelResponseFields ?? undefined) };
  const read: ChatReply = {
    id: header(reply.headers, 'x-amzn-requestid') ?? call.id,
    model,
    choices: [
      {
        index: 0,
        parts: parts.map((part) => renamed(part, memo)),
        finish: answeredFinish(readFinish(word), parts !== said),
        ...some('stopSequence', stopSequenceOf(word, o.additionalModelResponseFields, memo)),
        ...(isEmpty(own) ? {} : { rest: own }),
      },
    ],
    usage: readUsage(o.usage) ?? NO_USAGE,
    ...some('tier', tierOf(o.serviceTier, memo, call)),
    rest: { from: REST, fields: unknownFields(o, KNOWN) ?? {} },
  };
  return withForm(read, { answer: { wire: o, read } });
};
const readParts = (content: readonly Json[], model: string): readonly Part[] => {
  try {
    return readBlocks(content, 'output.message.content', { role: 'assistant', foreign: false, seal: undefined, model });
  } catch (cause) {
    throw bad('with content that makes no sense', cause);
  }
};
