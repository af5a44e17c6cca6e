import { Buffer } from 'node:buffer';
import {
  asNumber,
  asObject,
  type Call,
  type ChatRequest,
  type Endpoint,
  type Fields,
  GatewayError,
  type Inbound,
  invalid,
  isObject,
  type Json,
  type Ledger,
  parseJson,
  remainderOf,
  restore,
  type Seal,
  type Surface,
  type UpstreamReply,
  unsupported,
  type Written,
} from '@llm-proxy-auth/plugin';
import { isForeign } from './blocks/context.ts';
import { formOf, withForm } from './form.ts';
import { anObject } from './invalid.ts';
import { names } from './names.ts';
import { readBody } from './request/read.ts';
import { write } from './request/write.ts';

/** What CountTokens takes of a Converse request. */
const COUNTED: readonly string[] = ['messages', 'system', 'toolConfig', 'additionalModelRequestFields'];
const read =
  (seal: Seal) =>
  (inbound: Inbound, _ledger: Ledger, target?: Endpoint): ChatRequest => {
    const body = anObject(inbound.body, 'body');
    const input = anObject(body.input, 'input');
    if (input.converse === undefined || input.converse === null) {
      if (input.invokeModel !== undefined)
        throw unsupported('input.invokeModel', 'Tokens of another model’s own body are counted by its provider alone; send input.converse.');
      throw invalid('input', "'input' must hold converse or invokeModel.");
    }
    const inner = anObject(input.converse, 'input.converse');
    const request = readBody(inner, isForeign(target), seal);
    const left = remainderOf({ input: { converse: inner } }, body);
    return left === undefined ? request : withForm(request, { ...formOf(request), envelope: left });
  };
const counted = (body: Fields): Fields => Object.fromEntries(Object.entries(body).filter(([name]) => COUNTED.includes(name)));
/** A limit counts nothing: that the model's own would be taken is no loss of a count. */
const counting = (ledger: Ledger): Ledger => ({ note: (kind, param, why) => void (param === 'maxTokens' || ledger.note(kind, param, why)) });
const writeRequest = (r: ChatRequest, call: Call): { readonly body: Fields } => ({
  body: restore({ input: { converse: counted(write(r, { ...call, ledger: counting(call.ledger) }).body) } }, formOf(r)?.envelope),
});
const readCount = (reply: UpstreamReply): { readonly input: number } => {
  let parsed: Json;
  try {
    parsed = parseJson(reply.body);
  } catch (cause) {
    throw new GatewayError('upstream_bad_response', 'The provider answered with something that is not JSON.', { cause });
  }
  const input = asNumber(asObject(parsed)?.inputTokens);
  if (!isObject(parsed) || input === undefined) throw new GatewayError('upstream_bad_response', 'The provider answered without a number of tokens.');
  return { input };
};
const writeCount = (reply: { readonly input: number }): Written => ({
  headers: ['content-type', 'application/json'],
  body: Buffer.from(JSON.stringify({ inputTokens: reply.input })),
});

/** CountTokens. */
export const countTokens = (seal: Seal): Surface<'countTokens'> =>
  Object.freeze({
    name: 'count-tokens',
    operation: 'countTokens',
    routes: [{ method: 'POST', pattern: '/model/{model+}/count-tokens', model: 'path', stream: false }],
    body: ['json'],
    governed: { model: 'path', stream: 'route' },
    reach: { class: 'inference' },
    framing: 'json',
    client: { names, read: read(seal), write: writeCount },
    provider: { write: writeRequest, read: readCount },
  } satisfies Surface<'countTokens'>);
