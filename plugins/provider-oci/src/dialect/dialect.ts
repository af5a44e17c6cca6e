import { asObject, asText, type Dialect, type Json, type ProviderHalf, type Surface } from '@llm-proxy-auth/plugin';
import { readCohere, readCohereStream } from './cohere/read.ts';
import { writeCohere } from './cohere/write.ts';
import { readCohereV2, readCohereV2Stream } from './coherev2/read.ts';
import { writeCohereV2 } from './coherev2/write.ts';
import { embed } from './embed.ts';
import { error } from './error.ts';
import { readGeneric, readGenericStream } from './generic/read.ts';
import { writeGeneric } from './generic/write.ts';
import type { Memo } from './memo.ts';
import { OCI } from './name.ts';
import { readErrorReply } from './read-error.ts';
import { rerank } from './rerank.ts';
import { chatTap } from './tap.ts';

/** Where the body of every action of the service says what it is about. */
const MODEL = Object.freeze(['servingMode', 'modelId']);
const STREAM = Object.freeze(['chatRequest', 'isStream']);
const governed = Object.freeze({
  model: MODEL,
  stream: STREAM,
  output: [
    ['chatRequest', 'maxTokens'],
    ['chatRequest', 'maxCompletionTokens'],
    ['inferenceRequest', 'maxTokens'],
  ],
  choices: [
    ['chatRequest', 'numGenerations'],
    ['inferenceRequest', 'numGenerations'],
  ],
});
const reach = Object.freeze({ class: 'inference' as const });
/** An endpoint of a dedicated cluster may stand in place of a model, or beside one: it is the model then. */
const furtherModels = (body: Json): readonly (string | undefined)[] => {
  const mode = asObject(asObject(body)?.servingMode);
  const endpoint = asText(mode?.endpointId);
  return endpoint === undefined ? (mode?.servingType === 'DEDICATED' ? [undefined] : []) : [endpoint];
};
const common = Object.freeze({ routes: [], body: ['json'], governed, reach, furtherModels } as const);
/** A format that is reached, not spoken by clients. */
const format = (name: string, provider: ProviderHalf<'chat'>): Surface<'chat'> =>
  Object.freeze({ ...common, name, operation: 'chat', framing: 'sse-lines', provider } satisfies Surface<'chat'>);
const asMemo = (memo: unknown): Memo | undefined => memo as Memo | undefined;

const generic = format('generic', {
  write: writeGeneric,
  read: (reply, call, memo) => readGeneric(reply, call, asMemo(memo)),
  stream: (call, memo, emit) => readGenericStream(call, asMemo(memo), emit),
});
const cohere = format('cohere', {
  write: writeCohere,
  read: (reply, call, memo) => readCohere(reply, call, asMemo(memo)),
  stream: (call, memo, emit) => readCohereStream(call, asMemo(memo), emit),
});
const coherev2 = format('coherev2', {
  write: writeCohereV2,
  read: (reply, call, memo) => readCohereV2(reply, call, asMemo(memo)),
  stream: (call, memo, emit) => readCohereV2Stream(call, asMemo(memo), emit),
});
/** A chat of any format as it passes in transparent mode. */
const chat: Surface<'chat'> = Object.freeze({ ...common, name: 'chat', operation: 'chat', framing: 'sse-lines', tap: chatTap } satisfies Surface<'chat'>);
/** The older actions, of which only the model is looked at. */
const action: Surface<'opaque'> = Object.freeze({
  ...common,
  name: 'action',
  operation: 'opaque',
  framing: 'sse-lines',
  tap: chatTap,
} satisfies Surface<'opaque'>);
const embedText: Surface<'embeddings'> = Object.freeze({
  ...common,
  name: 'embed',
  operation: 'embeddings',
  framing: 'json',
  provider: embed,
  tap: chatTap,
} satisfies Surface<'embeddings'>);
const rerankText: Surface<'rerank'> = Object.freeze({
  ...common,
  name: 'rerank',
  operation: 'rerank',
  framing: 'json',
  provider: rerank,
} satisfies Surface<'rerank'>);

/** The formats of OCI Generative AI: provider halves alone. */
export const ociDialect: Dialect = Object.freeze({
  name: OCI,
  surfaces: [generic, cohere, coherev2, chat, action, embedText, rerankText],
  replyHeaders: ['opc-request-id', 'model-deprecation-info', 'retry-after'],
  error,
  readError: readErrorReply,
});
