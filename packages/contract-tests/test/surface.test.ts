import {
  type Bytes,
  type ChatEvent,
  type ChatRequest,
  type Dialect,
  GatewayError,
  type Part,
  type StreamReader,
  type StreamWriter,
  sseEvent,
  stringifyJson,
  type Tap,
} from '@llm-proxy-auth/plugin';
import { type DialectSubject, dialectRules, type SurfaceSubject, streamRules, surfaceRules, tapRules } from '../src/index.ts';
import { provesRules } from './broken.ts';
import { acme, client, provider, read, readStream, samples, surfaceSubject, talk, tap, write, writeStream } from './good/dialect.ts';

type Surface = typeof talk;
const good: DialectSubject = { dialect: acme, samples: { talk: samples } };
const dialect = (change: Partial<Dialect>): DialectSubject => ({ ...good, dialect: { ...acme, ...change } });
const surface = (change: Partial<Surface>, more: Partial<SurfaceSubject> = {}): SurfaceSubject => ({
  ...surfaceSubject,
  surface: { ...talk, ...change },
  ...more,
});
const clientWith = (change: Partial<typeof client>) => surface({ client: { ...client, ...change } });
const providerWith = (change: Partial<typeof provider>) => surface({ provider: { ...provider, ...change } });
const sent = (body: Uint8Array): string => Buffer.from(body).toString();

provesRules('dialect rules', dialectRules, good, {
  'surface.routes': dialect({ surfaces: [talk, { ...talk, name: 'more' }] }),
  'surface.error-envelope-for-every-code': dialect({
    error: (e, operation) => (e.code === 'draining' ? { ...acme.error(e, operation), body: '' } : acme.error(e, operation)),
  }),
  'surface.error-retry-after': dialect({
    error: (e, operation) => ({
      ...acme.error(e, operation),
      headers: ['content-type', 'application/json', 'retry-after', String((e.retryAfterMs ?? 0) / 1000)],
    }),
  }),
  'surface.error-is-one-line-of-json': dialect({
    error: (e, operation) =>
      e.vendor === undefined ? { ...acme.error(e, operation), body: `{"error":{"message":"${e.message}","code":"${e.code}"}}` } : acme.error(e, operation),
  }),
  'surface.readError-total': dialect({
    readError: (reply) => ({ ...acme.readError(reply), ...(sent(reply.body) === '{"error":null}' ? { message: '' } : {}) }),
  }),
  'surface.readError-bounded': dialect({
    readError: (reply) => ({
      ...acme.readError(reply),
      message: sent(reply.body).startsWith('{"error":{"message":"xxx') ? sent(reply.body) : acme.readError(reply).message,
    }),
  }),
  'surface.error-reads-back': dialect({ readError: (reply) => ({ ...acme.readError(reply), status: reply.status === 503 ? 502 : reply.status }) }),
  'surface.vendor-error-kept': dialect({
    readError: (reply) => {
      const { vendor: _, ...error } = acme.readError(reply);
      return error;
    },
  }),
});

/** A surface that providers alone speak, so that no law needs the client half. */
const providerOnly = (change: Partial<typeof provider>) => surface({ client: undefined, provider: { ...provider, ...change } });
const hasVideo = (request: ChatRequest): boolean => request.turns.some((turn) => turn.parts.some((part) => part.kind === 'video'));
const runTogether = (parts: readonly Part[]): readonly Part[] => {
  const texts = parts.flatMap((part) => (part.kind === 'text' ? [part.text] : []));
  return texts.length > 1 && texts.length === parts.length ? [{ kind: 'text', text: texts.join('') }] : parts;
};
const plain: ChatRequest = { turns: [{ role: 'user', parts: [{ kind: 'text', text: 'Hello.' }] }], tools: [], choices: 1 };

provesRules('surface rules', surfaceRules, surfaceSubject, {
  'surface.read-write-normal': clientWith({
    read: (inbound, ledger) => {
      const request = read(inbound, ledger);
      return request.maxTokens === 77 ? { ...request, maxTokens: 78 } : request;
    },
  }),
  'surface.write-read-same': clientWith({
    read: (inbound, ledger) => {
      const { rest: _, ...request } = read(inbound, ledger);
      return request;
    },
  }),
  'surface.reply-read-write-normal': clientWith({
    write: (reply, call) =>
      client.write({ ...reply, choices: reply.choices.map((choice) => ({ ...choice, finish: choice.finish === 'length' ? 'stop' : choice.finish })) }, call),
  }),
  'surface.reply-write-read-same': clientWith({
    write: (reply, call) => client.write({ ...reply, model: reply.model === 'm' ? 'another' : reply.model }, call),
  }),
  'surface.no-mutation': providerWith({
    write: (request, call) => {
      if (Object.isFrozen(request)) throw new TypeError('cannot add a member to a frozen object');
      return write(request, call);
    },
  }),
  'surface.deterministic': providerWith({
    write: (request, call) => ({ body: Buffer.from(JSON.stringify(write(request, call).body) + ' '.repeat(Math.floor(Date.now() / 86_400_000) % 2)) }),
  }),
  'surface.refuses-malformed': clientWith({
    read: (inbound, ledger) => {
      const { body } = inbound;
      if (typeof body === 'object' && body !== null && 'messages' in body && body.messages === null) throw new TypeError('messages is null');
      return read(inbound, ledger);
    },
  }),
  'surface.reply-malformed': providerWith({
    read: (reply, call, memo) => {
      if (sent(reply.body) === '<html></html>') throw new SyntaxError('no JSON');
      return provider.read(reply, call, memo);
    },
  }),
  'surface.every-part-kind': providerOnly({ write: (request, call) => write(hasVideo(request) && JSON.stringify(request) !== '' ? plain : request, call) }),
  'surface.texts-apart': providerOnly({
    write: (request, call) => {
      const several = request.turns.some(({ parts }) => parts.length > 1);
      return write(several ? { ...request, turns: request.turns.map((turn) => ({ ...turn, parts: runTogether(turn.parts) })) } : request, call);
    },
  }),
  'surface.own-loses-nothing': providerWith({
    write: (request, call) => {
      if (request.rest !== undefined) call.ledger.note('ignored', 'rest', 'nobody looked at it');
      return write(request, call);
    },
  }),
  'surface.ledger-complete': providerOnly({
    write: (request, call) => {
      void request.user;
      return write(request, call);
    },
  }),
  'surface.refusal-names-field': providerWith({
    write: (request, call) => {
      if (request.tools.length > 0) throw new GatewayError('unsupported_parameter', 'No tools.');
      return write(request, call);
    },
  }),
  'surface.generated-requests': providerWith({
    write: (request, call) => {
      if (request.turns.some((turn) => turn.parts.some((part) => part.kind === 'text' && part.text.includes('\\')))) throw new TypeError('a backslash');
      return write(request, call);
    },
  }),
  'surface.generated-replies': clientWith({ write: (reply, call) => client.write(reply.choices.length > 1 ? { ...reply, id: `${reply.id}x` } : reply, call) }),
  'surface.generated-streams': clientWith({
    stream: () => ({ ...writeStream(), event: (e) => writeStream().event(e.type === 'start' && e.tier !== undefined ? { ...e, id: `${e.id}x` } : e) }),
  }),
  'surface.names-known': clientWith({ names: { ...client.names, 'sampling.heat': 'heat' } }),
});

const readerWith = (change: (reader: StreamReader, emit: (event: ChatEvent) => void) => Partial<StreamReader>) =>
  providerOnly({
    stream: (_call, _memo, emit) => {
      const reader = readStream(emit);
      return { ...reader, ...change(reader, emit) };
    },
  });
const writerWith = (change: (writer: StreamWriter) => Partial<StreamWriter>) => clientWith({ stream: () => ({ ...writeStream(), ...change(writeStream()) }) });
const halfFrames = (): StreamWriter => {
  const writer = writeStream();
  let late = '';
  const piece = (text: string): string => {
    const whole = late + text;
    late = whole.slice(-3);
    return whole.slice(0, -3);
  };
  return { type: writer.type, event: (e) => piece(String(writer.event(e))), error: (e) => late + String(writer.error(e)), end: () => late };
};
/** Readers that share what each should have for itself. */
const sharing = () => {
  let last: object | undefined;
  return (reader: StreamReader): Partial<StreamReader> => {
    const me = {};
    return {
      event(type, data) {
        const mine = last === undefined || last === me;
        last = me;
        if (mine || !data.includes('"delta"')) reader.event(type, data);
      },
      end() {
        last = undefined;
      },
    };
  };
};

provesRules('stream rules', streamRules, surfaceSubject, {
  'stream.one-terminal': readerWith((reader, emit) => ({
    event(type, data) {
      reader.event(type, data);
      if (data === '{"type":"end"}') emit({ type: 'end' });
    },
  })),
  'stream.event-grammar': readerWith((reader) => ({ event: (type, data) => (data.includes('"type":"part"') ? undefined : reader.event(type, data)) })),
  'stream.rechunk': readerWith(sharing()),
  'stream.cut-is-error': readerWith((reader, emit) => {
    let over = false;
    return {
      event(type, data) {
        reader.event(type, data);
        over ||= !data.includes('"type":') || data.includes('"type":"end"');
      },
      end: () => (over ? undefined : emit({ type: 'end' })),
    };
  }),
  'stream.garbage-is-error': readerWith((reader) => ({
    event(type, data) {
      if (data === 'null') throw new TypeError('null has no type');
      reader.event(type, data);
    },
  })),
  'stream.writer-order': clientWith({ stream: halfFrames }),
  'stream.writer-error-is-last': writerWith((writer) => ({ error: (e) => sseEvent('{"type":"end"}') + String(writer.error(e)) })),
  'stream.idle-is-silent': writerWith(() => ({ idle: () => sseEvent('{}') })),
  'stream.equals-unary': writerWith((writer) => ({
    event: (e) => (e.type === 'start' ? sseEvent(stringifyJson({ ...e, created: undefined })) : writer.event(e)),
  })),
  'stream.write-read-same': writerWith((writer) => ({
    event: (e) => (e.type === 'start' && e.model === 'm' ? writer.event({ ...e, model: 'another' }) : writer.event(e)),
  })),
});

const tapWith = (change: (tap: Tap) => Partial<Tap>) =>
  surface({
    tap: (_framing, asked) => {
      const inner = tap(asked);
      // A spread would read the state once and for all.
      return Object.defineProperties(Object.create(inner) as Tap, Object.getOwnPropertyDescriptors(change(inner)));
    },
  });
const firstFrame = (chunk: Bytes): Bytes => Buffer.from(`${sent(chunk).split('\n\n')[0]}\n\n`);

provesRules('tap rules', tapRules, surfaceSubject, {
  'tap.equals-reader': tapWith((inner) => ({ end: () => ({ ...inner.end(), complete: inner.end().usage !== undefined }) })),
  'tap.rechunk': tapWith((inner) => ({ bytes: (chunk) => inner.bytes(firstFrame(chunk)) })),
  'tap.state-order': tapWith((inner) => {
    let seen = false;
    return {
      bytes(chunk) {
        seen = true;
        inner.bytes(chunk);
      },
      get state() {
        return inner.state === 'waiting' && seen ? 'content' : inner.state;
      },
    };
  }),
  'tap.never-throws': tapWith((inner) => ({
    bytes(chunk) {
      if (chunk.length === 0) throw new RangeError('an empty chunk');
      inner.bytes(chunk);
    },
  })),
  'tap.cut-removes-only-usage': tapWith((inner) =>
    inner.cut === undefined ? {} : { cut: (chunk) => (sent(chunk).includes('"finish"') ? Buffer.alloc(0) : (inner.cut?.(chunk) ?? chunk)) },
  ),
  'tap.cut-only-when-asked': surface({ tap: () => tap(true) }),
  'tap.fail-is-readable': tapWith(() => ({ fail: () => ': failed\n\n' })),
  'tap.idle-is-silent': tapWith(() => ({ idle: () => sseEvent('{}') })),
});
