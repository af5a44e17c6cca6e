import type { Answer } from '../../http/answer.ts';
import type { CapturedRequest, HeaderPairs } from '../../http/captured.ts';
import { type Fields, isFields } from '../../openai/check.ts';
import type { Context } from './context.ts';
import { refuse } from './refusal.ts';

/** A request at an operation; `params` are the decoded groups of its path. */
export type Asked = { readonly call: Context; readonly request: CapturedRequest; readonly params: readonly string[]; readonly query: URLSearchParams };

export type Operation = { readonly method: 'GET' | 'POST'; readonly path: RegExp; readonly handle: (asked: Asked) => Answer };

export const stream: HeaderPairs = [['content-type', 'application/vnd.amazon.eventstream']];

export const jsonAnswer = (body: unknown, headers: HeaderPairs = []): Answer => ({
  status: 200,
  headers: [['content-type', 'application/json'], ...headers],
  body: Buffer.from(JSON.stringify(body)),
});

/** The JSON object of a body. A path decides the operation, so the content type is not looked at by Converse. */
export const fieldsIn = (request: CapturedRequest): Fields => {
  let value: unknown;
  try {
    value = request.json();
  } catch {
    throw refuse.serialization('Unable to parse the request body as JSON.');
  }
  if (!isFields(value)) throw refuse.serialization('Start of structure or map found where not expected.');
  return value;
};
