import type { Edit, Mutant } from './mutants.ts';

const of = (rule: string, test: string, named: string, ...edits: readonly Edit[]): Mutant => ({ rule, test: `${test}.test.ts`, named, edits });
const edit = (folder: string) => (file: string, from: string, to: string) => ({ file: `${folder}/src/${file}`, from, to });
const core = edit('packages/core');
const kit = edit('packages/plugin');

/** Rules of the faults that the files about one subject leave out; each row names its case. */
export const mishaps: readonly Mutant[] = [
  of(
    'a client that leaves takes its stream from the provider',
    'tests/client-gone',
    'a client that leaves: HTTP/1.1 connection closed > protocol mode > F01 streaming',
    core('call/attempt.ts', "if (this.#undrain === undefined) return this.flight.abort('aborted');", 'if (this.#undrain === undefined) return;'),
  ),
  of(
    'a client that leaves before the answer takes its call from the provider',
    'tests/client-gone',
    'a client that leaves: HTTP/1.1 connection closed > transparent mode > F02 before the head',
    core('gateway.ts', "x.pending?.interrupt('gone');", ''),
  ),
  of(
    'who is not read from is not asked for more',
    'tests/streams-stalls',
    'F05: a client that stops reading a stream of 50 MB > /openai/main, passing true: the provider',
    core('call/reply/client.ts', 'this.#a.flight.pause();', ''),
  ),
  of(
    'silence has a deadline',
    'tests/streams-stalls',
    'F08 silence after content',
    core('call/dispatch.ts', "if (now - this.#lastRead > idle) this.abort('timeout');", ''),
  ),
  of(
    'a client that reads nothing has a deadline',
    'tests/streams-stalls',
    'F05 /openai/main: for clientStall is cut',
    core('call/dispatch.ts', "if (now - this.#pausedAt > clientStall) this.abort('stall');", ''),
  ),
  of(
    'a first byte has a deadline',
    'tests/streams-stalls',
    'F18 /openai/main: no head within firstByte',
    core('call/dispatch.ts', "firstByte !== undefined && now - this.#started > firstByte) this.abort('timeout')", "false) this.abort('timeout')"),
  ),
  of(
    'a message is over at its stop alone',
    'tests/streams-cut-read',
    'F11: a recorded stream that is cut at any byte is no answer that ended, although the transport ended well > anthropic/messages-stream-plain-claude-opus-4-5-202-0c0a39.json',
    edit('plugins/dialect-anthropic')('tap.ts', 'this.#said = true;\n', "this.#said = true;\n      this.state = 'done';\n"),
  ),
  of(
    'a frame that was cut is none',
    'tests/streams-cut-bedrock',
    'F12: streams of Bedrock cut at the provider: mode converse, bytes may pass: true > a transport that ends well behind the stop',
    core('call/pass.ts', "if (tail.length > 0 && this.#framing === 'aws-eventstream') this.#tap.bytes(tail);", ''),
  ),
  of(
    'a stream ends with its terminal event',
    'tests/streams-odd',
    'F13: a stream that ends with its connection',
    core('call/reply/stream.ts', "=== 'done') return;\n    this.#cutOff('cut');", "=== 'done') return;\n    this.#close();"),
  ),
  of(
    'what is left of a piece waits for the next',
    'tests/streams-rechunked',
    'F15: a recorded stream that arrives in other pieces is the same stream > anthropic/messages-stream-plain-claude-opus-4-5-202-0c0a39.json: one byte at a time',
    kit('framing/sse.ts', 'if (stop < bytes.length) tail.add(stop === 0 ? bytes : bytes.subarray(stop));', ''),
  ),
  of(
    'a gateway that stops serves for its delay',
    'tests/drain',
    'F21 SIGTERM with 100 streams open',
    core('runtime.ts', 'await sleep(delay, undefined, { signal: hurry.signal }).catch(() => undefined);', 'await sleep(delay === 0 ? 0 : 1);'),
  ),
  of(
    'a stream that never ends is told at the deadline',
    'tests/drain',
    'F22: streams that never end',
    core('runtime.ts', 'const late = setTimeout(gateway.endOpenCalls, left).unref();', 'const late = setTimeout(() => undefined, left).unref();'),
  ),
  of(
    'an encoded error unfolds to 1 MiB at most',
    'tests/streams-odd',
    'F27: an answer that unfolds to 200 MB is refused unopened (stream: false)',
    core('call/reply/outcome.ts', '{ maxOutputLength: MAX_UNFOLDED }', '{}'),
  ),
  of('a stop that was asked for is a success', 'tests/pid-one', 'F30 the gateway as process 1', {
    file: 'packages/cli/src/commands/start.ts',
    from: '      first = Date.now();\n',
    to: '      first = Date.now();\n      code = 1;\n',
  }),
  of(
    'a store that is locked is asked again',
    'tests/store-faults',
    'F31 is locked at the start',
    core('plugins/create.ts', "if (awaitStore && isGatewayError(error) && error.code === 'overloaded')", 'if (false as boolean)'),
  ),
  of(
    'known keys are believed while the store is away',
    'plugins/auth-api-key/test/replicas',
    'a store that does not answer (R11, F31, F32) > leaves known keys valid for 60 s',
    edit('plugins/auth-api-key')('strategy.ts', 'book.freshFor() > 0 || (trustsStale', 'book.answers() || (trustsStale'),
  ),
  of(
    'a damaged store is not opened',
    'tests/store-faults',
    'F34 is damaged in its middle at the start',
    edit('plugins/store-sqlite')('open.ts', '    checkPages(db, path);\n', ''),
  ),
  of(
    'a provider that is down is no reason not to be ready',
    'tests/provider-faults',
    'F36 one is down',
    core(
      'runtime.ts',
      "const reasons = ready ? gateway.graph.waitsFor() : ['draining'];",
      "const reasons = ready ? [...gateway.graph.waitsFor(), ...Object.values(probes.states()).filter((s) => s === 'degraded')] : ['draining'];",
    ),
  ),
  of(
    'who fails too often is left alone',
    'tests/provider-faults',
    'F37 all are down',
    core('routing/breaker.ts', "if (consecutive >= failures || counts.exceeds(ratio)) become('open');", ''),
  ),
  of(
    'nothing goes out unsigned',
    'tests/bedrock-credentials',
    'F41: nothing at all',
    core('call/attempt.ts', '(error: unknown) => credentialFailure(instance, error),', '() => fly(x, instance, request, prepared),'),
  ),
  of(
    'one question for all who want a credential',
    'tests/bedrock-credentials',
    'F42: are fetched once',
    kit('credential-cache.ts', 'flight ??= ask()', 'flight = ask()'),
    kit('credential-cache.ts', 'if (flight === undefined && left() > 0)', 'if (left() > 0)'),
  ),
  of(
    'a credential that ended is not used',
    'tests/bedrock-credentials',
    'F43: may end while a stream runs',
    kit('credential-cache.ts', '(current.expiration ?? Number.POSITIVE_INFINITY) > now() ?', 'now() > 0 ?'),
  ),
  of(
    'a credential that was refused is asked for anew',
    'tests/bedrock-credentials',
    'F44: that were revoked are fetched anew',
    kit('credential-cache.ts', 'if (fresh && since(forcedAt, now()) >= FORCED_EVERY_MS)', 'if (false as boolean)'),
  ),
  of(
    'a credential that stays refused is asked for once',
    'tests/bedrock-credentials',
    'F44: that stay refused',
    core('call/call.ts', 'if (fresh || !repeat.replayable', 'if (x.attempts > 5 || !repeat.replayable'),
  ),
  of(
    "the vendor's clock is learnt of its refusal",
    'tests/bedrock-credentials',
    'F48: is corrected by the first refusal',
    kit('corrected-clock.ts', 'if (theirs !== undefined) ahead = theirs - now();', ''),
  ),
  of(
    'the wait that was asked for is kept',
    'tests/routing',
    'F49: the wait that the provider asked for',
    core('call/call.ts', 'if (error.retryAfterMs !== undefined) return error.retryAfterMs <= MAX_WAIT_MS ? error.retryAfterMs : undefined;', ''),
  ),
  of(
    'only declared classes fall back',
    'tests/routing',
    'fallback (F53) > 400: the next target',
    core('call/call.ts', '|| !failsOver(this.#fallback.on, this.#last.class)', ''),
  ),
  of(
    'a provider that moved is found',
    'tests/dns',
    'F59 names of providers that do not resolve, or to something else > another address is in use within a minute',
    core('call/pools.ts', 'if (since(known.since, at) < LIFE_MS) return', 'if (at > 0) return'),
  ),
  of(
    'a bad configuration is told by the metric',
    'tests/reload',
    'F62: a bad reload > (an unknown plugin)',
    core('reload.ts', 'options.onResult(ok);', 'options.onResult(true);'),
  ),
  of(
    'what stands in a bad configuration is not told',
    'tests/reload',
    'F62: a bad reload > names the place in the file',
    core('reload.ts', '{ problems: error.problems }', '{ error: error.name }'),
  ),
  of(
    'a stream runs on the configuration that it began with',
    'tests/reload',
    'F63: a good reload > lets a stream of an instance that is gone',
    core('gateway.ts', 'void old.idle().then(dispose);', 'void dispose();'),
  ),
  of(
    'a success that is no JSON where the operation answers JSON is none',
    'tests/answers-that-are-none',
    '/chat/completions > a page is a bad answer',
    core('call/answered.ts', "(surface.operation === 'opaque' ? undefined : 'json')", 'undefined'),
  ),
  of(
    'what must be JSON is held until it is whole',
    'tests/answers-that-are-none',
    '/images/generations > cut JSON is a bad answer',
    core('call/passing.ts', 'if (status >= 300 || !mustBeJson(answers, type)) return relaySink', 'if (status >= 0) return relaySink'),
  ),
  of(
    'a page is nothing spoken',
    'tests/answers-that-are-none',
    'what is no JSON > a page is nothing spoken',
    core('call/passing.ts', 'if (status < 300 && isPage(answers, type)) return refusedSink(a);', ''),
  ),
  of(
    'spoken events keep the rules of streams',
    'tests/answers-that-are-none',
    'speech as events > one without its last event ends with an error',
    core('call/passing.ts', 'const stream = streams && status < 300', 'const stream = !streams && status < 300'),
  ),
  of(
    'a model without streams answers whole, and is asked once',
    'tests/answers-that-are-none',
    'written down as a stream by a model that has none > is the JSON',
    core('call/passing.ts', "stream !== undefined && answersOf(this.#found) !== 'text'", 'stream !== undefined'),
  ),
  of(
    'vectors have the form that was asked for',
    'tests/answers-that-are-none',
    'vectors > floats for base64 become what was asked for',
    core('call/passing.ts', 'surface.fits?.(reply.body, this.#received.pieces) === false', 'surface.fits === undefined'),
  ),
  of(
    'a refusal says the limits that caused it',
    'tests/answers-that-are-none',
    'limits of the account > come with the refusal',
    core('call/answer.ts', '...(x.refusedLimits ?? []), ', ''),
  ),
  of(
    'what goes back to its own surface is not lost',
    'tests/same-surface-losses',
    'a function that was called the older way > is the same upstream',
    core('call/translate.ts', 'missed.length > 0 && !(provider === client', 'missed.length > 0 && !(provider !== client'),
  ),
];
