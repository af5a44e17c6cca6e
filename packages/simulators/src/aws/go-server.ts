import type { Answer } from '../http/answer.ts';
import type { CapturedRequest } from '../http/captured.ts';

type Headers = Answer['headers'];

/** Text as Go's servers write it. */
export const goText = (status: number, text: string, more: Headers = []): Answer => ({
  status,
  headers: [['Content-Type', 'text/plain; charset=utf-8'], ...more],
  body: Buffer.from(text),
});

/**
 * What the HTTP server of Go's standard library answers of itself: the agents of ECS and of EKS Pod Identity are built on it.
 * https://github.com/golang/go/blob/master/src/net/http/server.go
 */
export const goError = (status: number, message: string): Answer => goText(status, `${message}\n`, [['X-Content-Type-Options', 'nosniff']]);

export const goNotFound = (): Answer => goError(404, '404 page not found');

/** A request that cannot be read gets its status as its body, without an end of line. */
export const goUnreadable = (): Answer => goText(400, '400 Bad Request');

/** The path as handlers see it: escapes taken out byte by byte. Undefined where one is no escape. */
export const goPath = ({ path }: CapturedRequest): string | undefined =>
  /%(?![0-9A-Fa-f]{2})/.test(path) ? undefined : path.replaceAll(/%([0-9A-Fa-f]{2})/g, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
