import type { Bytes, HeaderPairs, JsonText } from './wire.ts';

export interface Credential {
  /** The last two are ambient: they come with the connection or from a trusted proxy, and any other beats them. */
  readonly slot: 'bearer' | 'basic' | 'api-key' | 'session' | 'aws4' | 'oci-signature' | 'certificate' | 'proxy';
  /** `certificate`: SHA-256 of the DER, lower-case hex. */
  readonly value: string;
  /** `proxy`: lower-case name of the header that the proxy wrote. */
  readonly header?: string | undefined;
}
export interface AuthRequest {
  readonly credential: Credential;
  readonly method: string;
  /** Path as sent. */
  readonly target: string;
  /** Target as sent, query included; what a signature covers. */
  readonly url: string;
  /** What may be handed on: lower-case names. */
  readonly headers: HeaderPairs;
  /** All headers as sent, in their order; what a signature covers. Over HTTP/2 with pseudo headers. */
  readonly rawHeaders: HeaderPairs;
  /** `certificate`: DER of the client's certificate, only when it comes from `clientCa`. */
  readonly peer: { readonly address: string; readonly trusted: boolean; readonly tls: boolean; readonly certificate?: Bytes | undefined };
}
export interface AuthStrategy {
  readonly slots: readonly Credential['slot'][];
  /** `www-authenticate` of a 401. */
  readonly challenge: string;
  /** The gateway itself gave out the credential (keys, users). */
  readonly issued: boolean;
  authenticate(r: AuthRequest): AuthResult | Promise<AuthResult>;
  /** Current epoch of the strategy's records: a cached result with an older one is asked again. */
  epoch?(): number;
  /**
   * Who holds a credential now, by its id (`Principal.credential`); undefined when it no longer lets in. Without it no session can be opened
   * with one, and a signature whose body comes after `epoch` has moved is 503.
   */
  current?(credential: string): Principal | undefined | Promise<Principal | undefined>;
  /** Whether somebody of this owner (`Principal.owner`) is there; undefined for owners of kinds that it does not give out. */
  knows?(owner: string): boolean | undefined | Promise<boolean | undefined>;
  /** Calls `listen` with each credential that is known from now on to be in wrong hands: its calls under way are ended. */
  onCompromised?(listen: (credential: string) => void): void;
  /** Every caller must satisfy this strategy too, by an ambient credential, whatever else it shows. */
  readonly alsoRequired?: boolean | undefined;
  close?(): Promise<void>;
}
export type AuthResult =
  | {
      readonly is: 'principal';
      readonly principal: Principal /** Epoch ms. */;
      readonly cacheUntil: number;
      readonly epoch: number;
      readonly body?: BodyCheck | undefined;
    }
  /**
   * `reason` goes to the audit log, never to the client. `retryAfterMs`: nobody of this name or place is let in before, right or wrong.
   * `credential`: id of one that was proven and is good no more, for log and audit alone.
   */
  | { readonly is: 'denied'; readonly reason: string; readonly retryAfterMs?: number | undefined; readonly credential?: string | undefined }
  | { readonly is: 'unavailable'; readonly reason: string; readonly retryAfterMs: number }
  | { readonly is: 'not-mine' };
/** Signed requests: settled when the body has been read, before authorization. */
export interface BodyCheck {
  /** Rejects with `auth_unavailable` when it cannot be told now whether the request may be believed. */
  sha256(hex: string): boolean | Promise<boolean>;
}
export interface Principal {
  /** `key:<name>`, `user:<name>`, … as policies match it. */
  readonly id: string;
  /** Who owns stateful ids and limits; survives key rotation. */
  readonly owner: string;
  readonly strategy: string;
  readonly credential: string;
  /** Another one when the credential's secret changes and its id stays: sessions that were opened before end. Kept with them, logged never. */
  readonly secretVersion?: string | undefined;
  readonly groups: readonly string[];
  readonly scopes: readonly string[];
  readonly restrict?: Restriction | undefined;
  readonly factor: 'none' | 'needed' | 'done';
  /** Epoch ms. */
  readonly expires?: number | undefined;
}
export interface Restriction {
  readonly modes?: readonly string[] | undefined;
  readonly instances?: readonly string[] | undefined;
  readonly models?: readonly string[] | undefined;
  readonly cidr?: readonly string[] | undefined;
}
export interface SecondFactor {
  readonly header: string;
  /** `code`: empty when none was sent. */
  verify(
    principal: Principal,
    code: string,
    r: AuthRequest,
  ): Promise<
    // `by`: how, where the audit log is to know; `first-code` is the one that completes an enrolment.
    | { readonly is: 'done'; readonly by?: 'backup-code' | 'first-code' | undefined }
    | { readonly is: 'denied'; readonly code: 'totp_required' | 'totp_used' | 'invalid_credentials'; readonly retryAfterMs?: number | undefined }
    | { readonly is: 'unavailable'; readonly retryAfterMs: number }
  >;
  close?(): Promise<void>;
}
/** Shared counting. `take` is all or nothing, one round trip. */
export interface Counters {
  take(claims: readonly Claim[], now: number): Taken | Promise<Taken>;
  /** Every 30 s. A lease that was not beaten for 90 s holds no place any more; after 15 minutes what it reserved stays charged. */
  beat(leases: readonly string[], now: number): void | Promise<void>;
  /**
   * Ends a lease: its places are free, and what it reserved is replaced by what was used, in the window in which it was reserved. A
   * claim that `actual` does not name keeps its amount. A lease that has ended already, or that nobody knows, changes nothing.
   */
  settle(lease: string, actual: readonly { readonly key: string; readonly amount: number }[]): void | Promise<void>;
  /** It cannot reach what it shares, and counts a part of each limit by itself until it can. */
  degraded?(): boolean;
  /** Absent: every process remembers alone. */
  readonly memory?: SharedMemory | undefined;
  close?(): Promise<void>;
}
/** Remembers for all replicas. Rejects when there is no answer. */
export interface SharedMemory {
  put(key: string, value: Bytes, lifeMs: number): Promise<void>;
  /** In the order of the keys, undefined for what is not there; what is found lives on for `lifeMs`. */
  get(keys: readonly string[], lifeMs: number): Promise<readonly (Bytes | undefined)[]>;
}
export interface Claim {
  readonly key: string;
  /** Whole numbers. */
  readonly amount: number;
  readonly limit: number;
  /** Of rates, whose window slides; undefined for `concurrent`. */
  readonly windowMs: number | undefined;
  /** Of budgets, whose window does not slide: epoch ms at which it ends and the next begins at 0. Default: the window's next multiple. */
  readonly ends?: number | undefined;
  /** `concurrent` and `budget` are settled; of rates only those with `reserved`. */
  readonly kind: 'rate' | 'concurrent' | 'budget';
  /** The amount is an estimate: `settle` says what it was. */
  readonly reserved?: boolean | undefined;
  /** Counted and reported, never refused. */
  readonly shadow: boolean;
}
export type Taken =
  | {
      readonly ok: true;
      readonly lease: string;
      /** `resetMs`: until the limit is whole again when nobody comes. */
      readonly left?: readonly { readonly key: string; readonly remaining: number; readonly resetMs: number }[] | undefined;
    }
  | {
      readonly ok: false;
      readonly key: string;
      readonly remaining: number;
      /** Until the claim fits, when nobody else comes. */
      readonly retryAfterMs: number;
      readonly resetMs?: number | undefined;
    };
export interface Stored {
  readonly value: JsonText;
  readonly version: number;
}
export interface Change {
  readonly space: string;
  readonly key: string;
  /** Version the row must have; 0 = absent. */
  readonly expect: number;
  /** Absent = delete. */
  readonly value?: JsonText | undefined;
}
export interface Store {
  get(space: string, key: string): Promise<Stored | undefined>;
  /** In key order, strictly after `after`. */
  list(space: string, after: string | undefined, limit: number): Promise<readonly (Stored & { readonly key: string })[]>;
  /** All or nothing; false when any row has another version than expected. */
  commit(changes: readonly Change[]): Promise<boolean>;
  append(log: string, rows: readonly JsonText[]): Promise<void>;
  /** Rows with a sequence greater than `after`, in order. */
  read(log: string, after: number, limit: number): Promise<readonly { readonly sequence: number; readonly row: JsonText }[]>;
  /** Keys (`space/key`) committed since an epoch, by anybody, and the epoch now. */
  changed(since: number): Promise<{ readonly epoch: number; readonly keys: readonly string[] }>;
  close?(): Promise<void>;
}
