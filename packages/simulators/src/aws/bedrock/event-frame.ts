import { crc32 } from 'node:zlib';

/** Frames of `application/vnd.amazon.eventstream`, as the AWS event stream specification lays them out. Headers here are all strings (type 7). */
const headerBytes = (name: string, value: string): Buffer => {
  const [key, text] = [Buffer.from(name), Buffer.from(value)];
  const sizes = Buffer.alloc(3);
  sizes.writeUInt8(7, 0);
  sizes.writeUInt16BE(text.length, 1);
  return Buffer.concat([Buffer.from([key.length]), key, sizes, text]);
};

/** One frame: prelude with its CRC, headers, payload, CRC of all before it. */
export const frame = (headers: Readonly<Record<string, string>>, payload: string | Buffer): Buffer => {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => headerBytes(name, value)));
  const body = Buffer.from(payload);
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(16 + head.length + body.length, 0);
  prelude.writeUInt32BE(head.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const all = Buffer.concat([prelude, head, body, Buffer.alloc(4)]);
  all.writeUInt32BE(crc32(all.subarray(0, -4)), all.length - 4);
  return all;
};

const type = { ':content-type': 'application/json' } as const;

/** `:event-type: contentBlockDelta` and the payload as JSON. */
export const eventFrame = (event: string, payload: unknown): Buffer =>
  frame({ ':event-type': event, ...type, ':message-type': 'event' }, JSON.stringify(payload));

/** `:exception-type: throttlingException`: what ends a stream that went wrong after its head. */
export const exceptionFrame = (exception: string, payload: Readonly<Record<string, unknown>>): Buffer =>
  frame({ ':exception-type': exception, ...type, ':message-type': 'exception' }, JSON.stringify(payload));

/** `:message-type: error` with code and message in headers and no payload. */
export const errorFrame = (code: string, message: string): Buffer => frame({ ':error-code': code, ':error-message': message, ':message-type': 'error' }, '');

/** Cuts a stream at its frames, by their lengths; a broken end is one piece. Nothing is verified. */
export const framesOf = (stream: Buffer): Buffer[] => {
  const frames: Buffer[] = [];
  for (let at = 0; at < stream.length; ) {
    const length = stream.length - at < 4 ? 0 : stream.readUInt32BE(at);
    const end = length < 16 || at + length > stream.length ? stream.length : at + length;
    frames.push(stream.subarray(at, end));
    at = end;
  }
  return frames;
};
