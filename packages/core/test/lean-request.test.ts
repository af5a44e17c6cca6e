import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type BodyTaker, LeanRequest } from '../src/http/lean-request.ts';
import { createServer } from '../src/http/node-http.ts';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});
const serve = async (handler: (request: LeanRequest, answer: (text: string) => void) => void) => {
  const server = createServer({ IncomingMessage: LeanRequest }, (request, response) => handler(request, (text) => response.end(text)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const socket = connect(port, '127.0.0.1');
  open.push(() => {
    socket.destroy();
    server.close();
  });
  let seen = '';
  socket.on('data', (data) => {
    seen += data;
  });
  const until = async (text: string): Promise<void> => {
    while (!seen.includes(text)) await once(socket, 'data');
  };
  return { socket, until };
};
const post = (body: string, length = body.length): string => `POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\n\r\n${body}`;
const texts = (whole: (text: string) => void): BodyTaker => {
  let text = '';
  return {
    take(chunk) {
      text += chunk;
    },
    end: () => whole(text),
  };
};

describe('a request whose body is taken from the parser', () => {
  it('gives every piece and the end, and no stream has run', async () => {
    const flowing: unknown[] = [];
    const { socket, until } = await serve((request, answer) => {
      const taken = request.takeBody(
        texts((text) => {
          flowing.push(request.readableFlowing);
          answer(`<${text}>`);
        }),
      );
      expect(taken).toBe(true);
    });
    socket.write(post('whole'));
    await until('<whole>');
    socket.write(post('in ', 9));
    socket.write('pieces');
    await until('<in pieces>');
    // Two in one write: the second is read when the first has its answer.
    socket.write(post('one') + post('two'));
    await until('<one>');
    await until('<two>');
    expect(flowing).toEqual([null, null, null, null]);
  });
  it('is at its end for node:http when it has been taken whole', async () => {
    const requests: LeanRequest[] = [];
    const { socket, until } = await serve((request, answer) => {
      requests.push(request);
      request.takeBody(texts(answer));
    });
    socket.write(post('first'));
    await until('first');
    socket.write(post('second'));
    await until('second');
    expect(requests.map((request) => [request.readableEnded, request.listenerCount('end')])).toEqual([
      [true, 0],
      [true, 0],
    ]);
  });
  it('is a stream when some of the body is there already', async () => {
    const { socket, until } = await serve((request, answer) => {
      setImmediate(() => {
        let text = '';
        if (request.takeBody({ take: () => undefined, end: () => undefined })) return answer('taken');
        request.on('data', (chunk) => {
          text += chunk;
        });
        request.on('end', () => answer(`<${text}>`));
      });
    });
    socket.write(post('early'));
    await until('<early>');
  });
  it('is a stream again when its body is left', async () => {
    const { socket, until } = await serve((request, answer) => {
      let rest = '';
      request.takeBody({
        take(chunk) {
          request.leaveBody();
          request.on('data', (more) => {
            rest += more;
          });
          request.on('end', () => answer(`<${chunk}|${rest}>`));
        },
        end: () => answer('ended'),
      });
    });
    socket.write(post('first', 9));
    await new Promise((resolve) => setImmediate(resolve));
    socket.write('rest');
    await until('|');
    await until('>');
  });
});
