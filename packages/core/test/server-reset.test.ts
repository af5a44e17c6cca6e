import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { ask, closeAll, closeSessions, connect, open, session } from './server-clients.ts';

const [DATA, HEADERS, RST_STREAM, SETTINGS] = [0, 1, 3, 4];
const END_HEADERS = 4;
const CANCEL = Buffer.from([0, 0, 0, 8]);
/** RFC 9113, 4.1. */
const frame = (type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};
/** Literal fields without indexing (RFC 7541, 6.2.2). */
const fields = (pairs: Readonly<Record<string, string>>): Buffer =>
  Buffer.concat(
    Object.entries(pairs).map(([name, value]) =>
      Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value)]),
    ),
  );
const OPENING = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(SETTINGS, 0, 0)]);
const head = (more: object = {}): Buffer => fields({ ':method': 'POST', ':path': '/', ':scheme': 'http', ':authority': 'localhost', ...more });

afterEach(async () => {
  closeSessions();
  await closeAll();
});

describe('a stream that is reset in the packet that opens it', () => {
  test.each([
    ['and asks to be told to go on', head({ expect: '100-continue' })],
    ['and expects something else', head({ expect: 'tea' })],
    ['and names no host', fields({ ':method': 'POST', ':path': '/', ':scheme': 'http' })],
    ['and is whole', head()],
  ])('%s: its connection and all others go on', async (_how, fieldBlock) => {
    const listener = await open((_request, response) => void response.end('there'));
    const socket = await connect(listener);
    socket.write(Buffer.concat([OPENING, frame(HEADERS, END_HEADERS, 1, fieldBlock), frame(RST_STREAM, 0, 1, CANCEL)]));
    // Of the same connection: what is answered came behind the reset.
    socket.write(Buffer.concat([frame(HEADERS, END_HEADERS, 3, head({ expect: '100-continue' })), frame(DATA, 1, 3)]));
    let got = '';
    while (!got.includes('there')) got += ((await once(socket, 'data')) as [Buffer])[0].toString('latin1');
    socket.destroy();
    const next = await ask(await session(listener), { ':path': '/' });
    expect([next.headers[':status'], next.body]).toEqual([200, 'there']);
  });
});
