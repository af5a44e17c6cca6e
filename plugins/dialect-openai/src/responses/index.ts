import {
  type AnySurface,
  asObject,
  type Call,
  type ChatRequest,
  ENVELOPE,
  type Endpoint,
  emittingOwnNames,
  type Fields,
  lostTo,
  type Reach,
  type Route,
  type Seal,
  type Surface,
  type ToolNames,
  withOwnNames,
  withoutThoughts,
  withSafeNames,
  writingNoThoughts,
} from '@llm-proxy-auth/plugin';
import { clampLife } from '../breakpoints.ts';
import { furtherModels } from '../further-models.ts';
import { IDS } from '../named-ids.ts';
import { route, stateful } from '../routes.ts';
import { countTokens } from './count-tokens.ts';
import { names, spellings } from './names.ts';
import { plainly } from './plainly.ts';
import { refusal } from './refusal.ts';
import { readReply, writeReply } from './reply.ts';
import { isOwn, readRequest, signerOf, writeRequest } from './request.ts';
import { streamReader } from './stream-reader.ts';
import { streamWriter } from './stream-writer.ts';
import { responsesTap } from './tap.ts';
import type { Hosted } from './tools.ts';
import { OPENAI } from './wire.ts';

const CREATES: Reach = Object.freeze({ class: 'inference', ids: IDS.responses });
const STORED: Reach = stateful({ uses: ['{id}'], free: true });

const NAME = 'responses';

/** Of a request that another dialect's client made. */
interface Memo {
  readonly signer: string;
  readonly names: ToolNames;
}
const writeForeign = (asked: ChatRequest, call: Call): { readonly body: Fields; readonly memo: Memo } => {
  const { request, names } = withSafeNames(asked, lostTo(call.ledger));
  return { body: writeRequest(request, call), memo: { signer: signerOf(call), names } };
};
const hostedAt = (target: Endpoint | undefined): Hosted => {
  if (target?.dialect === OPENAI && target.surface === NAME) return 'carry';
  return target?.capabilities.webSearch === true ? 'search' : 'refuse';
};
/** Whether the client did not ask for summaries, at a provider that may not know that. */
const wantsNoSummary = ({ inbound, endpoint }: Call): boolean => {
  const { summary, generate_summary: older } = asObject(asObject(inbound.body)?.reasoning) ?? {};
  return (endpoint.dialect !== OPENAI || endpoint.surface !== NAME) && (summary ?? older ?? null) === null;
};
const responses = (seal: Seal): Surface<'chat'> => ({
  name: NAME,
  operation: 'chat',
  routes: route('POST', '/responses'),
  body: ['json'],
  governed: { model: ['model'], stream: ['stream'], output: [['max_output_tokens']], later: ['background'] },
  reach: CREATES,
  framing: 'sse',
  marks: [`"${ENVELOPE}`],
  client: {
    names,
    spellings,
    read: (inbound, ledger, target) => {
      const hosted = hostedAt(target);
      clampLife(asObject(inbound.body)?.input, target, ledger);
      return readRequest(target === undefined || hosted === 'carry' ? inbound : plainly(inbound, ledger), seal, hosted, ledger);
    },
    write: (reply, call) => writeReply(wantsNoSummary(call) ? withoutThoughts(reply) : reply, call, seal),
    stream: (call) => (wantsNoSummary(call) ? writingNoThoughts(streamWriter(call, seal)) : streamWriter(call, seal)),
  },
  provider: {
    write: (request, call) => (isOwn(request) ? { body: writeRequest(request, call), memo: undefined } : writeForeign(request, call)),
    read: (reply, _call, memo) => {
      const { signer, names } = (memo as Memo | undefined) ?? {};
      return withOwnNames(readReply(reply, seal, signer), names);
    },
    stream: (_call, memo, emit) => {
      const { signer, names } = (memo as Memo | undefined) ?? {};
      return streamReader(seal, emittingOwnNames(emit, names), signer);
    },
    refusal: (error, memo) => (memo === undefined ? undefined : refusal(error)),
  },
  furtherModels,
  tap: responsesTap,
});
const opaque = (name: string, routes: readonly Route[], reach: Reach, model: 'body' | 'none'): Surface<'opaque'> => ({
  name,
  operation: 'opaque',
  routes,
  body: model === 'body' ? ['json'] : ['none', 'json'],
  governed: { model: model === 'body' ? ['model'] : 'none', stream: 'route' },
  reach,
  framing: 'sse',
  answers: 'json',
  ...(model === 'body' ? { furtherModels } : {}),
  tap: responsesTap,
});
const STORED_ROUTES: readonly Route[] = Object.freeze([
  ...route('GET', '/responses/{id}', { query: true, stream: 'query', reach: { class: 'stateful', ids: IDS.storedResponse } }),
  // The SDKs read nothing of this one.
  ...route('DELETE', '/responses/{id}', { answers: 'any' }),
  ...route('POST', '/responses/{id}/cancel'),
  ...route('GET', '/responses/{id}/input_items', { query: true }),
]);

/**
 * `POST /responses` and the count of its input with both halves, and what only passes: compacting, and stored responses, which belong
 * to whoever created them. `seal` closes the reasoning of other vendors that clients carry from turn to turn.
 */
export const responsesSurfaces = (seal: Seal): readonly AnySurface[] => [
  responses(seal),
  countTokens(seal),
  opaque('responses-compact', route('POST', '/responses/compact'), CREATES, 'body'),
  opaque('responses-stored', STORED_ROUTES, STORED, 'none'),
];
