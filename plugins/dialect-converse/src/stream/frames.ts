import { Buffer } from 'node:buffer';
import { asObject, type Bytes, type ErrorLike, eventStreamMessage, type Fields, type Json, parseJson, stringifyJson } from '@llm-proxy-auth/plugin';
import { CONVERSE } from '../wire.ts';
import { exceptionOf } from '../words.ts';

const headers = (type: string) => Object.freeze({ ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' });
const HEADERS = Object.freeze({
  messageStart: headers('messageStart'),
  contentBlockStart: headers('contentBlockStart'),
  contentBlockDelta: headers('contentBlockDelta'),
  contentBlockStop: headers('contentBlockStop'),
  messageStop: headers('messageStop'),
  metadata: headers('metadata'),
});
/** One event as the service frames it. */
export const eventFrame = (type: keyof typeof HEADERS, payload: Json): Bytes => eventStreamMessage(HEADERS[type], Buffer.from(stringifyJson(payload)));

const payloadOf = (e: ErrorLike): Fields => {
  const own = e.vendor?.dialect === CONVERSE && e.code !== 'upstream_auth_failed' ? asObject(parseJson(e.vendor.body.json)) : undefined;
  if (own === undefined) return { message: e.message, code: e.code };
  const { __type: _type, ...payload } = own;
  return payload;
};
/** The exception that ends a broken stream. */
export const exceptionFrame = (e: ErrorLike): Bytes =>
  eventStreamMessage(
    { ':exception-type': exceptionOf(e), ':content-type': 'application/json', ':message-type': 'exception' },
    Buffer.from(stringifyJson(payloadOf(e))),
  );
