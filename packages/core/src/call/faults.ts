const CONNECT_ERRORS: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
]);
const AMBIGUOUS: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
/** Statuses of a provider that fails: one that has too much to do (529) is saturated, and one that lacks what was asked for (501) is well. */
export const fails = (status: number): boolean => status >= 500 && status !== 529 && status !== 501;
/** The provider was not reached. */
export const isConnectError = (error: unknown): boolean =>
  error instanceof Error &&
  (('code' in error &&
    typeof error.code === 'string' &&
    (CONNECT_ERRORS.has(error.code) || error.code.startsWith('ERR_TLS') || error.code.startsWith('CERT_') || error.code.includes('SELF_SIGNED'))) ||
    error.name === 'AggregateError');
/** What the end of a body that is piped looks like too, when its client goes. */
export const isAmbiguous = (error: unknown): boolean => error instanceof Error && 'code' in error && AMBIGUOUS.has(error.code);
