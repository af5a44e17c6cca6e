import type { Exchange } from '../call/exchange.ts';

/** What happened: `call` is intent and settlement in one, where the call ended before its intent was written. */
export type AuditKind = 'intent' | 'settle' | 'call' | 'interrupted' | 'auth' | 'access' | 'admin' | 'dropped';

/** Members of a record in the order of their canonical JSON: a closed set, and none of it content. */
export const AUDIT_FIELDS = Object.freeze([
  'address',
  'at',
  'attempts',
  'cacheWrite',
  'cached',
  'code',
  'cost',
  'count',
  'credential',
  'estimated',
  'input',
  'instance',
  'kind',
  'mode',
  'model',
  'ms',
  'n',
  'operation',
  'output',
  'principal',
  'reason',
  'reasoning',
  'request',
  'status',
  'strategy',
  'stream',
  'target',
  'upstreamModel',
] as const);

/** One record on its way into the log; filled while a call goes on, fixed once it is `sealed`. */
export class AuditRecord {
  kind: AuditKind;
  /** Epoch ms: of the intent, else of the event. */
  at: number;
  /** Number in the writer's chain, from 1. */
  n: number = 0;
  sealed: boolean = false;
  request: string | undefined = undefined;
  principal: string | undefined = undefined;
  /** Id of the credential, never the credential. */
  credential: string | undefined = undefined;
  strategy: string | undefined = undefined;
  /** The caller's address; the log keeps the prefix alone. */
  address: string | undefined = undefined;
  mode: string | undefined = undefined;
  /** Of a call; the name of an administrative operation; or what somebody did about getting in. */
  operation: string | undefined = undefined;
  instance: string | undefined = undefined;
  model: string | undefined = undefined;
  upstreamModel: string | undefined = undefined;
  status: number | undefined = undefined;
  code: string | undefined = undefined;
  /** How a stream ended. */
  stream: string | undefined = undefined;
  attempts: number | undefined = undefined;
  /** Whole call, ms. */
  ms: number | undefined = undefined;
  input: number | undefined = undefined;
  output: number | undefined = undefined;
  cached: number | undefined = undefined;
  cacheWrite: number | undefined = undefined;
  reasoning: number | undefined = undefined;
  /** USD. */
  cost: number | undefined = undefined;
  estimated: boolean | undefined = undefined;
  /** How many of the same kind the record stands for. */
  count: number | undefined = undefined;
  /** Why a credential was refused, or how a second factor passed. */
  reason: string | undefined = undefined;
  /** Of a call under way; written nowhere. */
  call: Exchange | undefined = undefined;
  /** What an administrative operation was about; or the session that began or ended. */
  target: string | undefined = undefined;
  constructor(kind: AuditKind, at: number) {
    this.kind = kind;
    this.at = at;
  }
}
