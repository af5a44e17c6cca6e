/** `{error:{code,message,status,details}}`, as Google's APIs write it. */
export const googleError = (code: number, status: string, message: string, details: readonly unknown[] = []): { readonly error: object } => ({
  error: { code, message, status, ...(details.length === 0 ? {} : { details }) },
});
export const errorInfo = (reason: string, domain: string, metadata: Readonly<Record<string, string>> = {}) => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason,
  domain,
  ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
});

/** Thrown wherever an API refuses; becomes the answer. */
export class GoogleRefusal extends Error {
  override readonly name = 'GoogleRefusal';
  readonly status: number;
  readonly body: { readonly error: object };
  constructor(status: number, word: string, message: string, details: readonly unknown[] = []) {
    super(message);
    this.status = status;
    this.body = googleError(status, word, message, details);
  }
}
/** Thrown wherever a token service refuses, in the words of OAuth. */
export class OauthRefusal extends Error {
  override readonly name = 'OauthRefusal';
  readonly status: number;
  readonly error: string;
  constructor(status: number, error: string, description: string) {
    super(description);
    this.status = status;
    this.error = error;
  }
}
