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

/** The rows of fixtures/instance-metadata-refusals.json, for an instance with the role `gateway`. */
export const instanceMetadataRefusals = fixture<AwsEndpointRefusalCase>('instance-metadata-refusals');

/** The rows of fixtures/container-credentials-refusals.json, for the task `0123abcd-0000-4000-8000-000000000000`. */
export const containerCredentialsRefusals = fixture<AwsEndpointRefusalCase>('container-credentials-refusals');

/** The rows of fixtures/pod-identity-refusals.json, for the service account `default/gateway`, and `default/distrusted` whose role does not trust EKS. */
export const podIdentityRefusals = fixture<PodIdentityRefusalCase>('pod-identity-refusals');
