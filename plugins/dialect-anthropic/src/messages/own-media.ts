import { asObject, type ChatRequest, type Endpoint, invalid, type Part, parseJson, unsupported } from '@llm-proxy-auth/plugin';
import { ANTHROPIC } from '../wire.ts';

const SOURCE = 'messages[].content[].source';
const MEDIA: ReadonlySet<unknown> = new Set(['image', 'document']);
const isMedia = (part: Part): boolean => part.kind === 'opaque' && MEDIA.has(asObject(parseJson(part.origin.payload.json))?.type);
const isEmpty = (part: Part): boolean => part.kind === 'document' && 'base64' in part.media && part.media.base64 === '';
/**
 * Without a picture or document that only this vendor can read, another vendor's model would be asked something else. Throws 400
 * `unsupported_parameter`, and `invalid_request` for a document without content, which nobody takes.
 */
export const refuseOwnMedia = (request: ChatRequest, target: Endpoint | undefined): ChatRequest => {
  if (target === undefined || target.dialect === ANTHROPIC) return request;
  for (const part of request.turns.flatMap(({ parts }) => parts).flatMap((one) => (one.kind === 'toolResult' ? one.parts : [one]))) {
    if (isEmpty(part)) throw invalid(SOURCE, 'A document needs content.');
    if (isMedia(part)) throw unsupported(SOURCE, 'The provider of this call has no such source of pictures and documents; send text, or the bytes of a file.');
  }
  return request;
};
