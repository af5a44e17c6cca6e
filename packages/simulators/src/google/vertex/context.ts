import { createHash, randomBytes } from 'node:crypto';
import type { GoogleAccounts } from '../accounts.ts';
import { errorInfo, GoogleRefusal } from '../refusal.ts';
import type { ClaudeSurface } from './claude.ts';
import type { OpenaiSurface } from './openai.ts';

/** What the operations share. One for each simulator. */
export type Context = {
  /** Unix milliseconds. */
  now(): number;
  readonly project: string;
  /** Resource names in answers hold the project's number. */
  readonly projectNumber: string;
  readonly location: string;
  readonly accounts: GoogleAccounts;
  /** Ids of models that the project has no access to. */
  readonly denied: readonly string[];
  /** Most input tokens, as this package counts them. */
  readonly contextTokens: number;
  readonly claude: ClaudeSurface;
  readonly openai: OpenaiSurface;
  /** Cached contents by their number. */
  readonly caches: Map<string, Readonly<Record<string, unknown>>>;
  /** Batch jobs by their number. */
  readonly jobs: Map<string, Readonly<Record<string, unknown>>>;
  /** As many letters and digits as asked, never the same twice. */
  id(length: number): string;
  /** Digits, never the same twice. */
  number(): string;
};

export const serials = () => {
  const seed = randomBytes(16);
  let serial = 0;
  const next = (): Buffer => {
    serial += 1;
    return createHash('sha256').update(seed).update(String(serial)).digest();
  };
  return {
    id: (length: number): string => next().toString('base64url').replaceAll('-', 'A').replaceAll('_', 'B').slice(0, length),
    number: (): string => String(1_000_000_000_000_000_000n + (next().readBigUInt64BE(0) % 8_000_000_000_000_000_000n)),
  };
};
/** A request that makes no sense, in the service's words. */
export const invalid = (message: string): GoogleRefusal => new GoogleRefusal(400, 'INVALID_ARGUMENT', message);

/** A member that the proto does not have: the service's parser refuses it before anything else is looked at. */
export const unknownName = (name: string, at: string): GoogleRefusal => {
  const description = `Invalid JSON payload received. Unknown name "${name}"${at === '' ? '' : ` at '${at}'`}: Cannot find field.`;
  return new GoogleRefusal(400, 'INVALID_ARGUMENT', description, [
    { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ ...(at === '' ? {} : { field: at }), description }] },
  ]);
};
export const permissionDenied = (permission: string, resource: string): GoogleRefusal =>
  new GoogleRefusal(
    403,
    'PERMISSION_DENIED',
    `Permission '${permission}' denied on resource '//aiplatform.googleapis.com/${resource}' (or it may not exist).`,
    [errorInfo('IAM_PERMISSION_DENIED', 'aiplatform.googleapis.com', { permission, resource })],
  );
export const noModel = (name: string): GoogleRefusal =>
  new GoogleRefusal(
    404,
    'NOT_FOUND',
    `Publisher Model \`${name}\` was not found or your project does not have access to it. Please ensure you are using a valid model version. For more information, see: https://cloud.google.com/vertex-ai/generative-ai/docs/learn/model-versions`,
  );
