import type {
  AnySurface,
  Bytes,
  Call,
  ChatEvent,
  ClientHalf,
  Dialect,
  Inbound,
  Json,
  Ledger,
  ProviderHalf,
  StreamReader,
  StreamWriter,
  UpstreamReply,
  Written,
} from '@llm-proxy-auth/plugin';

/** What a vendor's SDK and service really sent, for one surface. */
export interface SurfaceSamples {
  /** JSON texts of request bodies. */
  readonly requests?: readonly string[] | undefined;
  /** JSON texts of whole answers. */
  readonly replies?: readonly string[] | undefined;
  /** Whole bodies of streamed answers, in the surface's framing. */
  readonly streams?: readonly Bytes[] | undefined;
  /** A stream says what it took behind its end: one that the provider ends between the two is whole, and nobody knows what it took. */
  readonly usageLast?: true | undefined;
}
export interface DialectSubject {
  readonly dialect: Dialect;
  /** Samples by the surface's name. */
  readonly samples: Readonly<Record<string, SurfaceSamples>>;
}
export interface SurfaceSubject {
  readonly dialect: Dialect;
  readonly surface: AnySurface;
  readonly samples: SurfaceSamples;
}
/** The halves of a surface whatever its operation, so that one rule serves all of them. */
export interface Halves {
  readonly client: {
    readonly names?: ClientHalf<'chat'>['names'];
    read(inbound: Inbound, ledger: Ledger): unknown;
    write(reply: unknown, call: Call): Written;
    stream?(call: Call): StreamWriter;
  };
  readonly provider: {
    write(request: unknown, call: Call): ReturnType<ProviderHalf<'chat'>['write']>;
    read(reply: UpstreamReply, call: Call, memo: unknown): unknown;
    stream?(call: Call, memo: unknown, emit: (e: ChatEvent) => void): StreamReader;
  };
}
export const clientHalf = (surface: AnySurface): Halves['client'] | undefined => surface.client as Halves['client'] | undefined;
export const providerHalf = (surface: AnySurface): Halves['provider'] | undefined => surface.provider as Halves['provider'] | undefined;
export const halves = (subject: SurfaceSubject): Halves => {
  const client = clientHalf(subject.surface);
  const provider = providerHalf(subject.surface);
  if (client === undefined || provider === undefined) throw new Error(`${subject.surface.name} has not both halves`);
  return { client, provider };
};
/** For `absent`: what a surface lacks. */
export const needs = {
  client: ({ surface }: SurfaceSubject): string | undefined => (surface.client === undefined ? `${surface.name} has no client half` : undefined),
  provider: ({ surface }: SurfaceSubject): string | undefined => (surface.provider === undefined ? `${surface.name} has no provider half` : undefined),
  both: (subject: SurfaceSubject): string | undefined => needs.client(subject) ?? needs.provider(subject),
  reader: ({ surface }: SurfaceSubject): string | undefined => (providerHalf(surface)?.stream === undefined ? `${surface.name} reads no stream` : undefined),
  writer: ({ surface }: SurfaceSubject): string | undefined => (clientHalf(surface)?.stream === undefined ? `${surface.name} writes no stream` : undefined),
  streams: (subject: SurfaceSubject): string | undefined => needs.reader(subject) ?? needs.writer(subject),
  tap: ({ surface }: SurfaceSubject): string | undefined => (surface.tap === undefined ? `${surface.name} has no tap` : undefined),
};
/** Source text of a body that a provider half wrote. */
export const bodyText = (body: Json | Bytes): string => (body instanceof Uint8Array ? Buffer.from(body).toString() : JSON.stringify(body));
export const replyOf = (text: string | Bytes, status = 200): UpstreamReply => ({
  status,
  headers: ['content-type', 'application/json'],
  body: typeof text === 'string' ? Buffer.from(text) : text,
});
export const bytesOf = (piece: string | Bytes): Bytes => (typeof piece === 'string' ? Buffer.from(piece) : piece);
