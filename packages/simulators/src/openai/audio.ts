import { sseFrame } from '../http/answer.ts';
import { checkMembers, decimal, type Fields, fieldsOf, oneOf, string, textOf } from './check.ts';
import type { Context } from './context.ts';
import { refuse } from './refusal.ts';
import { type Asked, formFields, formFile, jsonReply, type Reply, type Route, streamReply } from './routes.ts';
import { count, tokens } from './tokens.ts';

const mediaTypes: Readonly<Record<string, string>> = {
  mp3: 'audio/mpeg',
  opus: 'audio/ogg',
  aac: 'audio/aac',
  flac: 'audio/flac',
  wav: 'audio/wav',
  pcm: 'audio/pcm',
};

/** 24 kHz mono 16-bit samples: a saw tooth, one hundred samples for each character. Every byte value occurs. */
const samples = (text: string): Buffer => {
  const bytes = Buffer.alloc(text.length * 200);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = (at * 7) & 0xff;
  return bytes;
};

const wav = (data: Buffer): Buffer => {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + data.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(24_000, 24);
  header.writeUInt32LE(48_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(data.length, 40);
  return Buffer.concat([header, data]);
};

/** The bytes spoken for a text. Only `wav` and `pcm` are playable; the others are the same samples under another name. */
const speechBytes = (text: string, format: string): Buffer => (format === 'wav' ? wav(samples(text)) : samples(text));

const pieces = (bytes: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size));

function* speechEvents(text: string, bytes: Buffer): Generator<Buffer> {
  for (const piece of pieces(bytes, 4096)) yield sseFrame({ type: 'speech.audio.delta', audio: piece.toString('base64') });
  const input = count(text);
  yield sseFrame({ type: 'speech.audio.done', usage: { input_tokens: input, output_tokens: 2 * input, total_tokens: 3 * input } });
}

const speechTable = {
  model: string,
  input: string,
  voice: () => undefined,
  instructions: string,
  response_format: oneOf(...Object.keys(mediaTypes)),
  speed: decimal(0.25, 4),
  stream_format: oneOf('audio', 'sse'),
};

const speech = (call: Context, fields: Fields): Reply => {
  for (const name of ['model', 'input', 'voice']) if (fields[name] === undefined || fields[name] === null || fields[name] === '') throw refuse.missing(name);
  checkMembers(fields, speechTable);
  call.models.require(textOf(fields.model), 'speech');
  const format = textOf(fields.response_format) || 'mp3';
  const bytes = speechBytes(textOf(fields.input), format);
  if (fields.stream_format === 'sse') return streamReply(speechEvents(textOf(fields.input), bytes));
  return { type: mediaTypes[format] ?? 'audio/mpeg', body: pieces(bytes, 4096) };
};

const timed = (text: string, separator: ',' | '.'): string => `00:00:00${separator}000 --> 00:00:01${separator}000\n${text}\n`;

const transcripts: Readonly<Record<string, (text: string) => Reply>> = {
  text: (text) => ({ type: 'text/plain; charset=utf-8', body: Buffer.from(`${text}\n`) }),
  srt: (text) => ({ type: 'text/plain; charset=utf-8', body: Buffer.from(`1\n${timed(text, ',')}\n`) }),
  vtt: (text) => ({ type: 'text/plain; charset=utf-8', body: Buffer.from(`WEBVTT\n\n${timed(text, '.')}\n`) }),
  verbose_json: (text) =>
    jsonReply({
      task: 'transcribe',
      language: 'english',
      duration: 1,
      text,
      segments: [{ id: 0, start: 0, end: 1, text }],
      usage: { type: 'duration', seconds: 1 },
    }),
  json: (text) => jsonReply({ text, usage: { type: 'duration', seconds: 1 } }),
};

function* transcriptEvents(text: string): Generator<Buffer> {
  for (const delta of tokens(text)) yield sseFrame({ type: 'transcript.text.delta', delta });
  yield sseFrame({ type: 'transcript.text.done', text });
}

const transcribe = ({ call, parts }: Asked, task: 'Transcript' | 'Translation'): Reply => {
  const file = formFile(parts, 'file');
  const fields = formFields(parts);
  if (fields.model === undefined) throw refuse.plain('you must provide a model parameter');
  call.models.require(fields.model, 'transcription');
  const format = fields.response_format ?? 'json';
  const write = transcripts[format];
  if (write === undefined) throw refuse.value('response_format', format, Object.keys(transcripts));
  if (file.bytes.length === 0) throw refuse.plain('Audio file is too short. Minimum audio length is 0.1 seconds.', 'file', 'audio_too_short');
  const text = `${task} of ${file.filename ?? ''}, ${file.bytes.length} bytes.`;
  // The model that came first has no streams and ignores the wish.
  return fields.stream === 'true' && fields.model !== 'whisper-1' ? streamReply(transcriptEvents(text)) : write(text);
};

export const audioRoutes: readonly Route[] = [
  { method: 'POST', path: '/v1/audio/speech', takes: 'json', handle: ({ call, fields }) => speech(call, fieldsOf(fields)) },
  { method: 'POST', path: '/v1/audio/transcriptions', takes: 'multipart', handle: (asked) => transcribe(asked, 'Transcript') },
  { method: 'POST', path: '/v1/audio/translations', takes: 'multipart', handle: (asked) => transcribe(asked, 'Translation') },
];
