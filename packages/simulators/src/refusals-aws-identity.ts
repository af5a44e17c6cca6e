import { fixture, type RefusalSource } from './refusals.ts';

/** What a plain endpoint answers, byte by byte. */
type PlainResponse = {
  readonly status: number;
  /** Headers besides those of framing. */
  readonly headers: Readonly<Record<string, string>>;
  /** An empty text where the answer has no body. */
  readonly body: string;
  /** The body begins so; what follows is of the vendor's JSON parser. */
  readonly begins?: true;
};

/** One request that an endpoint without a signature refuses: instance metadata, or the credentials of an ECS task. */
export type AwsEndpointRefusalCase = {
  readonly name: string;
  readonly request: {
    readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
    /** Instance metadata: a token that is good, that has ended, or that another instance gave. */
    readonly token?: 'good' | 'ended' | 'foreign';
    /** How many times it is sent before the one that is refused. */
    readonly after?: number;
  };
  readonly response: PlainResponse;
  readonly source: RefusalSource;
  /** Options the stand-in needs to refuse it. */
  readonly options?: {
    readonly tokens?: 'optional';
    readonly role?: null;
    readonly endpoint?: 'disabled';
    readonly authorization?: string;
    readonly uninitialized?: true;
  };
};

/** One request that the agent of EKS Pod Identity refuses, or EKS through it. The clock stands at 2026-11-23T00:00:00Z. */
export type PodIdentityRefusalCase = {
  readonly name: string;
  readonly request: {
    readonly method: 'GET' | 'POST';
    readonly path: string;
    readonly host?: string;
    /** Instead of a token that is made; null for none. */
    readonly authorization?: string | null;
    /** How the token differs from a good one, member by member; null leaves a member out. A text stands for a whole segment. */
    readonly header?: Readonly<Record<string, unknown>> | string;
    readonly claims?: Readonly<Record<string, unknown>> | string;
    /** Stands before the token. */
    readonly scheme?: string;
    /** EKS does not know the token, or takes it for ended. */
    readonly eks?: 'unknown' | 'ended';
    /** How many times it is sent before the one that is refused. */
    readonly after?: number;
  };
  readonly response: PlainResponse;
  readonly source: RefusalSource;
};

/** One call that STS refuses. The clock stands at 2026-11-23T00:00:00Z. */
export type StsRefusalCase = {
  readonly name: string;
  readonly request: {
    readonly method: 'GET' | 'POST';
    /** Parameters other than those of a good call of the action; null leaves one out. */
    readonly form: Readonly<Record<string, string | null>>;
    /** How many session tags it carries, and how long the value of each is. */
    readonly tags?: { readonly count: number; readonly length: number };
    /** Instead of a web identity token that is good: one that nobody signed, or one that has ended. */
    readonly webToken?: 'unknown' | 'ended';
    /** Other than that of a form; null for none. */
    readonly contentType?: string | null;
    /** How it is signed wrongly. `null` for not at all, as AssumeRoleWithWebIdentity always is. */
    readonly sign?: StsSigning | null;
  };
  readonly response: {
    readonly status: number;
    /** Absent where the answer has no body. */
    readonly error?: { readonly type: 'Sender' | 'Receiver'; readonly code: string; readonly message: string };
    readonly headers?: Readonly<Record<string, string>>;
    /** The message begins so; what follows is of the request. */
    readonly begins?: true;
  };
  readonly source: RefusalSource;
};

export type StsSigning = {
  readonly key?: string;
  readonly secret?: string;
  readonly token?: string;
  readonly region?: string;
  readonly service?: string;
  /** How far the signer's clock is off. */
  readonly seconds?: number;
  /** Instead of what is made. */
  readonly authorization?: string;
};

/** The rows of fixtures/instance-metadata-refusals.json, for an instance with the role `gateway`. */
export const instanceMetadataRefusals = fixture<AwsEndpointRefusalCase>('instance-metadata-refusals');

/** The rows of fixtures/container-credentials-refusals.json, for the task `0123abcd-0000-4000-8000-000000000000`. */
export const containerCredentialsRefusals = fixture<AwsEndpointRefusalCase>('container-credentials-refusals');

/** The rows of fixtures/pod-identity-refusals.json, for the service account `default/gateway`, and `default/distrusted` whose role does not trust EKS. */
export const podIdentityRefusals = fixture<PodIdentityRefusalCase>('pod-identity-refusals');

/** The rows of fixtures/sts-refusals.json, for the roles that test/sts-refusals.test.ts names. */
export const stsRefusals = fixture<StsRefusalCase>('sts-refusals');
