import { crc32, deflateSync } from 'node:zlib';
import { sseFrame } from '../http/answer.ts';
import { boolean, checkMembers, type Fields, integer, oneOf, string, textOf } from './check.ts';
import type { Context } from './context.ts';
import { refuse } from './refusal.ts';
import { type Asked, formFields, formFile, jsonReply, type Reply, type Route, streamReply } from './routes.ts';
import { count } from './tokens.ts';

const chunk = (type: string, data: Buffer): Buffer => {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(data.length, 0);
  named.copy(framed, 4);
  framed.writeUInt32BE(crc32(named), named.length + 4);
  return framed;
};

/** A valid PNG of one pixel and exactly this many bytes (at least 79), filled up by a private chunk. */
const png = (bytes: number): Buffer => {
  const header = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]);
  const start = [Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk('IHDR', header)];
  const end = [chunk('IDAT', deflateSync(Buffer.from([0, 127]))), chunk('IEND', Buffer.alloc(0))];
  const fixed = [...start, ...end].reduce((sum, part) => sum + part.length, 0);
  const filling = Buffer.alloc(Math.max(0, bytes - fixed - 12), 0xa5);
  return Buffer.concat([...start, chunk('fiLl', filling), ...end]);
};

/** The image for a prompt: about 1 KiB, or what the prompt names: `8 MB` is 8 MiB of PNG. */
const imageFor = (prompt: string): string => {
  const megabytes = /\b(\d+)\s*Mi?B\b/i.exec(prompt)?.[1];
  return png(megabytes === undefined ? 1024 : Number(megabytes) * 1_048_576).toString('base64');
};

const table = {
  prompt: string,
  model: string,
  n: integer(1, 10),
  size: string,
  quality: string,
  background: oneOf('transparent', 'opaque', 'auto'),
  output_format: oneOf('png', 'jpeg', 'webp', 'gif', 'svg'),
  output_compression: integer(0, 100),
  moderation: oneOf('low', 'auto'),
  partial_images: integer(0, 3),
  response_format: oneOf('url', 'b64_json'),
  style: oneOf('vivid', 'natural'),
  input_fidelity: oneOf('high', 'low'),
  stream: boolean,
  user: string,
};

const usageFor = (prompt: string): Fields => {
  const text = count(prompt);
  return { input_tokens: text, input_tokens_details: { text_tokens: text, image_tokens: 0 }, output_tokens: 196, total_tokens: text + 196 };
};

function* stream(call: Context, prompt: string, partials: number, family: string): Generator<Buffer> {
  const base = { created_at: call.seconds(), size: '1024x1024', quality: 'low', background: 'opaque', output_format: 'png' };
  for (let index = 0; index < partials; index += 1) {
    const type = `${family}.partial_image`;
    yield sseFrame({ type, ...base, b64_json: png(1024).toString('base64'), partial_image_index: index }, type);
  }
  const type = `${family}.completed`;
  yield sseFrame({ type, ...base, b64_json: imageFor(prompt), usage: usageFor(prompt) }, type);
}

const draw = (call: Context, fields: Fields, family: string): Reply => {
  if (textOf(fields.prompt) === '') throw refuse.missing('prompt');
  checkMembers(fields, table);
  const model = call.models.require(textOf(fields.model) || 'gpt-image-1', 'image');
  const prompt = textOf(fields.prompt);
  if (/\btrip the filter\b/i.test(prompt)) {
    throw refuse.moderation('Your request was rejected by the safety system.');
  }
  if (fields.stream === true) return streamReply(stream(call, prompt, Number(fields.partial_images ?? 0), family));
  const byUrl = model.id.startsWith('dall-e') && fields.response_format !== 'b64_json';
  const image = byUrl ? { url: 'https://images.example.com/simulated.png', revised_prompt: prompt } : { b64_json: imageFor(prompt) };
  const described = byUrl ? {} : { background: 'opaque', output_format: 'png', quality: 'low', size: '1024x1024', usage: usageFor(prompt) };
  return jsonReply({ created: call.seconds(), data: Array.from({ length: Number(fields.n ?? 1) }, () => image), ...described });
};

/** Form fields with the types that the JSON endpoint has. */
const typed = (fields: Record<string, string>): Fields => {
  const whole = (name: string) => (fields[name] === undefined ? {} : { [name]: Number(fields[name]) });
  return {
    ...fields,
    ...whole('n'),
    ...whole('partial_images'),
    ...whole('output_compression'),
    ...(fields.stream === undefined ? {} : { stream: fields.stream === 'true' }),
  };
};

const fromForm = ({ call, parts }: Asked, family: string, prompt?: string): Reply => {
  formFile(parts, 'image', 'image[]');
  return draw(call, { ...(prompt === undefined ? {} : { prompt }), ...typed(formFields(parts)) }, family);
};

export const imageRoutes: readonly Route[] = [
  { method: 'POST', path: '/v1/images/generations', takes: 'json', handle: ({ call, fields }) => draw(call, fields, 'image_generation') },
  { method: 'POST', path: '/v1/images/edits', takes: 'multipart', handle: (asked) => fromForm(asked, 'image_edit') },
  { method: 'POST', path: '/v1/images/variations', takes: 'multipart', handle: (asked) => fromForm(asked, 'image_edit', 'a variation') },
];
