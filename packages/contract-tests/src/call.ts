import { type AnySurface, type Call, type Capabilities, type Inbound, type Ledger, type LedgerKind, parseJson, rawAt } from '@llm-proxy-auth/plugin';
import { fakeHost } from './fake-host.ts';

export interface Note {
  readonly kind: LedgerKind;
  readonly param: string;
  readonly why: string;
}
export interface NotedLedger extends Ledger {
  readonly notes: readonly Note[];
}
export const ledger = (): NotedLedger => {
  const notes: Note[] = [];
  return { notes, note: (kind, param, why) => void notes.push({ kind, param, why }) };
};
/** An endpoint that can do everything. */
export const allCapabilities: Capabilities = Object.freeze({
  tools: true,
  parallelTools: true,
  forcedTool: true,
  images: true,
  documents: true,
  audioIn: true,
  audioOut: true,
  jsonSchema: 'native',
  sampling: true,
  choices: 128,
  logprobs: 20,
  reasoning: true,
  cache: true,
  stopSequences: 16,
});
const { seal } = fakeHost();
const valueAt = (body: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? (at as Readonly<Record<string, unknown>>)[key] : undefined), body);

/** A client's request on a surface, made of the JSON text of its body. */
export const inboundOf = (surface: AnySurface, text: string, stream = false): Inbound => {
  const body = parseJson(text);
  const { model, stream: at } = surface.governed;
  const route = surface.routes.find((one) => one.stream === stream) ?? surface.routes[0];
  const inPath = route?.pattern.includes('{model') === true ? 'model-1' : undefined;
  const found = typeof model === 'string' ? inPath : valueAt(body, model);
  return {
    method: route?.method ?? 'POST',
    path: (route?.pattern ?? '/').replace(/\{[^}]*\}/g, 'model-1'),
    query: '',
    headers: ['content-type', 'application/json'],
    body,
    ...(typeof found === 'string' ? { model: found } : {}),
    stream: typeof at === 'string' ? stream : valueAt(body, at) === true,
    raw: (pointer) => rawAt(text, pointer),
  };
};
/** A body that asks for a stream, and for usage in it where a client has to ask. */
const streamingBody = ({ governed }: AnySurface): string => {
  const flags = [governed.stream, governed.usage ?? []].filter((path) => typeof path !== 'string' && path.length > 0) as readonly (readonly string[])[];
  return JSON.stringify(Object.assign({}, ...flags.map((path) => path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), true))));
};
export interface CallOptions {
  readonly stream?: boolean;
  readonly inbound?: Inbound;
  readonly ledger?: Ledger;
  readonly model?: string;
  readonly dialect?: string;
}
/** A call as the core makes it for a translator, with a fixed clock and id. */
export const fakeCall = (surface: AnySurface, options: CallOptions = {}): Call => {
  const inbound = options.inbound ?? inboundOf(surface, options.stream === true ? streamingBody(surface) : '{}', options.stream);
  const model = options.model ?? inbound.model ?? 'model-1';
  return {
    id: 'req_0123456789abcdef0123456789abcdef',
    now: Date.UTC(2026, 0, 1),
    requestedModel: model,
    model,
    stream: options.stream ?? inbound.stream,
    ledger: options.ledger ?? ledger(),
    seal,
    inbound,
    endpoint: { dialect: options.dialect ?? 'own', surface: surface.name, method: inbound.method, path: inbound.path, capabilities: allCapabilities },
  };
};
