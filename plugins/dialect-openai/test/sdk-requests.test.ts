import { type AnySurface, type Json, parseJson, type Surface, stringifyJson } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { completions } from '../src/completions/surface.ts';
import { embeddings } from '../src/embeddings/surface.ts';
import { responsesSurfaces } from '../src/responses/index.ts';
import { type Fields, holds } from './sdk-types.ts';
import { callOf, chat, inboundOf, ledger, seal } from './support.ts';

const responses = responsesSurfaces(seal)[0] as Surface<'chat'>;
/** Client half, then provider half, on the way to a provider of the same surface. */
const through =
  (surface: AnySurface) =>
  (body: Fields): Json => {
    const { client, provider } = surface as Surface<'chat'>;
    const endpoint = { ...callOf({}).endpoint, surface: surface.name };
    const call = callOf(body as Json, { model: String(body.model), stream: body.stream === true, endpoint });
    const request = client?.read(inboundOf(body as Json), ledger(), endpoint);
    return request === undefined ? undefined : parseJson(stringifyJson(provider?.write(request, call).body as Json));
  };
/** Usage of a stream is always asked for: it is counted whether or not the client wants to see it. */
const asked = (body: Fields): Fields =>
  body.stream === true ? { ...body, stream_options: { ...(body.stream_options as Fields | undefined), include_usage: true } } : body;
/** The members of the two types that a union of requests with and without a stream has. */
const both = <T>(name: string, fields: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
  Object.fromEntries(['NonStreaming', 'Streaming'].flatMap((kind) => Object.entries(fields).map(([field, value]) => [`${name}${kind}.${field}`, value])));

holds({
  type: 'ChatCompletionCreateParams',
  carried: through(chat),
  expected: asked,
  decisions: {
    exclude: {
      'ChatCompletionContentPartImage.ImageURL.url': {
        why: 'other texts are refused as no address',
        as: fc.constantFrom('https://i.example/a.png', 'data:image/png;base64,iVBORw0KGgo='),
      },
      'ChatCompletionContentPart.File.File.file_data': { why: 'other texts are refused as no data', as: fc.constant('data:application/pdf;base64,JVBERi0x') },
    },
    fit: {
      'ChatCompletionContentPart.File.File': {
        why: 'a file without an id and without data is refused',
        fit: (file) => ('file_id' in file || 'file_data' in file ? file : { ...file, file_id: 'file-1' }),
      },
    },
  },
});
holds({
  type: 'CompletionCreateParams',
  carried: through(completions),
  expected: asked,
  decisions: {},
  refused: both('CompletionCreateParams', {
    'prompt<null>': ['invalid_request', 'prompt'],
    'prompt<number[]>': ['unsupported_parameter', 'prompt'],
    'prompt<number[][]>': ['unsupported_parameter', 'prompt'],
    'echo<true>': ['unsupported_parameter', 'echo'],
    'suffix<text>': ['unsupported_parameter', 'suffix'],
  } as const),
});
holds({ type: 'EmbeddingCreateParams', carried: through(embeddings), decisions: {} });
holds({
  type: 'ResponseCreateParams',
  carried: through(responses),
  decisions: {
    fit: Object.fromEntries(
      ['ResponseCreateParamsNonStreaming', 'ResponseCreateParamsStreaming'].map((name) => [
        name,
        { why: 'a call without a model is refused before it is read', fit: (body: Fields) => ({ model: 'gpt-5', ...body }) },
      ]),
    ),
  },
});
