import type { Framing } from '@llm-proxy-auth/plugin';
import { type Recording, recordedBytes, recordings } from '@llm-proxy-auth/simulators';

/** The packages of those that read. */
export const READERS = ['dialect-anthropic', 'dialect-converse', 'dialect-gemini', 'provider-watsonx', 'provider-oci'].map((name) => `@llm-proxy-auth/${name}`);

/** Who reads a recorded stream, and where that begins which ends it: behind it a cut may be an end. */
export interface Reading {
  readonly dialect: string;
  readonly surface: string;
  readonly framing: Framing;
  /** Absent: its last byte ends a stream. */
  readonly ends?: RegExp;
  /** Where it is whole before its end: what comes behind says nothing of the answer. */
  readonly whole?: (bytes: Buffer) => number | undefined;
}
/** Behind the frame of an event. */
const behind =
  (event: string) =>
  (bytes: Buffer): number | undefined => {
    for (let at = 0; at + 4 <= bytes.length; ) {
      const end = at + bytes.readUInt32BE(at);
      if (bytes.subarray(at, end).includes(`:event-type\x07\x00${String.fromCharCode(event.length)}${event}`, 0, 'latin1')) return end;
      at = end;
    }
    return undefined;
  };
const CLAUDE: Reading = { dialect: 'anthropic', surface: 'messages', framing: 'sse', ends: /"type": ?"message_stop"/ };
const oci = (surface: string): Reading => ({ dialect: 'oci', surface, framing: 'sse-lines', ends: /finishReason/ });
/** Each of several events may say a reason; without `alt=sse` the answer is a list, which has an end of its own. */
const gemini = (one: Recording): Reading =>
  recordedBytes(one)[0] === 91
    ? { dialect: 'gemini', surface: 'generate', framing: 'json-array' }
    : { dialect: 'gemini', surface: 'generate', framing: 'sse', ends: /finishReason/ };
const watsonx = (surface: string, ends: RegExp): Reading => ({ dialect: 'watsonx', surface, framing: 'sse', ends });
/** What is not read, and why. */
const LEFT: Readonly<Record<string, string>> = {
  'watsonx/text-generation-stream-plain-m-d2760a.json': 'the template of a test server: %d stands where numbers do',
};
const OCI: Readonly<Record<string, Reading>> = { GENERIC: oci('generic'), COHERE: oci('cohere'), COHEREV2: oci('coherev2') };
const READ: Readonly<Record<string, (one: Recording) => Reading | undefined>> = {
  'anthropic messages': () => CLAUDE,
  'vertex_claude streamRawPredict': () => CLAUDE,
  'bedrock converse-stream': () => ({ dialect: 'converse', surface: 'converse', framing: 'aws-eventstream', whole: behind('messageStop') }),
  // What other models write into the frames passes through transparent mode alone.
  'bedrock invoke-with-response-stream': ({ model }) =>
    model?.includes('anthropic.') ? { dialect: 'anthropic', surface: 'messages', framing: 'aws-eventstream' } : undefined,
  'gemini streamGenerateContent': gemini,
  // Grade C has members in the spelling of another language.
  'vertex streamGenerateContent': (one) => (one.grade === 'C' ? undefined : gemini(one)),
  // One of them is an error of the service, which ends nothing.
  'watsonx text/chat_stream': ({ kind }) => (kind === 'stream-exception' ? undefined : watsonx('chat', /"finish_reason": ?"[a-z]/)),
  'watsonx text/generation_stream': () => watsonx('generation', /"stop_reason": ?"(?!not_finished)/),
  'oci actions/chat(stream)': ({ request }) => OCI[(request.body as { chatRequest?: { apiFormat?: string } } | undefined)?.chatRequest?.apiFormat ?? 'GENERIC'],
};
/** Every recorded stream that ends well and that somebody here reads. */
export const readings = recordings()
  .filter(({ stream, response, file }) => stream && response.status === 200 && LEFT[file] === undefined)
  .flatMap((one) => {
    const reading = READ[`${one.provider} ${one.operation}`]?.(one);
    return reading === undefined ? [] : [{ one, reading, bytes: recordedBytes(one) }];
  });
