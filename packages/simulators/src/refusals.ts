import { readFileSync } from 'node:fs';

/** Where a refusal is known from; exactly one of `recording`, `wire`, `reference`, `sdkType` and `memory` is set. */
export type RefusalSource = {
  /** File name of a recording. */
  readonly recording?: string;
  /** Section of the collected wire facts; `mark` says how good that fact is: V executed, S source or types, D vendor documentation, I issue, M memory. */
  readonly wire?: string;
  readonly mark?: string;
  /** Where it is published: an address, or a repository and a file in it. `mark` says what it is, as above; V was executed by those who published it. */
  readonly reference?: string;
  /** A type of the vendor's SDK that the request breaks; that the service refuses it so is inferred. */
  readonly sdkType?: string;
  /** Known from memory only. */
  readonly memory?: true;
  /** The status is known from the source, the sentence from memory. */
  readonly sentence?: 'memory';
  /** The recording speaks of other numbers. */
  readonly numbers?: 'differ';
  /** Where the same answer was published by others. */
  readonly published?: string;
};

/** One request that the service refuses, and how. */
export type RefusalCase = {
  readonly name: string;
  readonly request: {
    readonly method: 'GET' | 'POST';
    readonly path: string;
    /** A key other than a valid one; null for none at all. */
    readonly key?: string | null;
    /** Other than application/json. */
    readonly contentType?: string;
    readonly body?: object;
    /** Body text that is no JSON. */
    readonly raw?: string;
  };
  readonly response: {
    readonly status: number;
    readonly body: { readonly error: { readonly message: string; readonly type: string; readonly param: string | null; readonly code: string | null } };
  };
  readonly source: RefusalSource;
  /** Options the stand-in needs to refuse it. */
  readonly options?: { readonly contextTokens: number };
};

/** One request that Anthropic refuses, and how. Requests carry `anthropic-version: 2023-06-01` unless `headers` say otherwise. */
export type AnthropicRefusalCase = {
  readonly name: string;
  readonly request: {
    readonly method: 'GET' | 'POST';
    readonly path: string;
    /** A key other than a valid one in `x-api-key`; null for none. */
    readonly key?: string | null;
    readonly bearer?: string;
    /** null leaves one out. */
    readonly headers?: Readonly<Record<string, string | null>>;
    readonly body?: object;
    readonly raw?: string;
  };
  readonly response: {
    readonly status: number;
    /** Without `request_id`, which differs each time. */
    readonly body: {
      readonly type: 'error';
      readonly error: { readonly type: string; readonly message: string; readonly details?: { readonly error_code: string } };
    };
  };
  readonly source: RefusalSource;
};

/** How a request to Bedrock is signed wrongly. Absent members are as they should be; the clock stands at 2026-11-23T00:00:00Z. */
export type BedrockSigning = {
  readonly key?: string;
  readonly secret?: string;
  readonly token?: string;
  readonly service?: string;
  readonly region?: string;
  /** Day of the credential scope. */
  readonly date?: string;
  /** How far the signer's clock is off. */
  readonly seconds?: number;
  /** Signs another path or another body than those sent. */
  readonly path?: string;
  readonly body?: string;
  readonly unsignedBody?: true;
  /** A header left out of the signed headers, or named twice in them. */
  readonly drop?: string;
  readonly twice?: string;
};

/** One request that Bedrock refuses, and how. */
export type BedrockRefusalCase = {
  readonly name: string;
  readonly request: {
    readonly method: 'GET' | 'POST';
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly sign?: BedrockSigning;
    /** Instead of a signature; null for none. */
    readonly authorization?: string | null;
    readonly contentType?: string;
    readonly body?: object;
    readonly raw?: string;
  };
  readonly response: {
    readonly status: number;
    /** What stands in `x-amzn-errortype` before the colon. */
    readonly type: string;
    readonly member: 'message' | 'Message';
    /** null where the body has no message. */
    readonly message: string | null;
    /** The message begins so; what follows is of the request. */
    readonly begins?: true;
  };
  readonly source: RefusalSource;
};

/** One request that Vertex AI refuses, and how. It carries the token the stand-in knows unless it says otherwise. */
export type VertexRefusalCase = {
  readonly name: string;
  readonly request: {
    readonly method: 'GET' | 'POST';
    readonly path: string;
    /** A token other than the good one; null for none. */
    readonly token?: string | null;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: object;
  };
  readonly response: {
    readonly status: number;
    /** Google's own form; or Anthropic's, for what Claude refuses itself. */
    readonly error?: { readonly code: number; readonly status: string; readonly message: string };
    readonly anthropic?: { readonly type: string; readonly message: string };
    /** The message begins so; what follows is of the request. */
    readonly begins?: true;
  };
  readonly source: RefusalSource;
};

/** One request that Azure OpenAI refuses, and how. */
export type AzureRefusalCase = {
  readonly name: string;
  readonly request: {
    readonly method: 'GET' | 'POST';
    readonly path: string;
    /** A key other than a valid one in `api-key`; null for none. */
    readonly key?: string | null;
    /** A bearer: a valid key, or a token with this fault (`role`: of a principal without the role). */
    readonly bearer?: 'key' | 'audience' | 'expired' | 'signature' | 'revoked' | 'malformed' | 'role';
    readonly body?: object;
  };
  readonly response: { readonly status: number; readonly body: object };
  readonly source: RefusalSource;
};

/** How a request to OCI is signed wrongly. Absent members are as they should be; the clock stands at 2026-11-23T00:00:00Z. */
export type OciSigning = {
  /** Another fingerprint in the key id. */
  readonly fingerprint?: string;
  /** Signs with a key that nobody knows. */
  readonly foreignKey?: true;
  /** How far the signer's clock is off. */
  readonly seconds?: number;
  /** Signs another target or another body than those sent. */
  readonly target?: string;
  readonly body?: string;
  /** A header left out of the signed ones, or out of the request. */
  readonly drop?: string;
  readonly without?: string;
  readonly algorithm?: string;
};

/** One request that OCI refuses, and how. */
export type OciRefusalCase = {
  readonly name: string;
  readonly request: {
    readonly method: 'GET' | 'POST';
    readonly path: string;
    readonly sign?: OciSigning;
    /** Instead of a signature; null for none. */
    readonly authorization?: string | null;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: object;
    readonly raw?: string;
  };
  readonly response: {
    readonly status: number;
    readonly code: string;
    readonly message: string;
  };
  readonly source: RefusalSource;
};

/** Rows of a file of fixtures, read once. */
export const fixture = <Case>(name: string): (() => readonly Case[]) => {
  let rows: readonly Case[] | undefined;
  return () => {
    rows ??= Object.freeze(JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8')) as Case[]);
    return rows;
  };
};

/** The rows of fixtures/refusals.json. */
export const refusals = fixture<RefusalCase>('refusals');

/** The rows of fixtures/anthropic-refusals.json, for a stand-in with `contextTokens: 1000`. */
export const anthropicRefusals = fixture<AnthropicRefusalCase>('anthropic-refusals');

/** The rows of fixtures/bedrock-refusals.json, for a stand-in without access to `amazon.nova-2-lite-v1:0`. */
export const bedrockRefusals = fixture<BedrockRefusalCase>('bedrock-refusals');

/** The rows of fixtures/vertex-refusals.json, for a stand-in with `contextTokens: 1000` and without access to `gemini-2.0-flash`. */
export const vertexRefusals = fixture<VertexRefusalCase>('vertex-refusals');

/** One request that watsonx.ai or a token service of IBM refuses, and how. A body stands for `application/json`, a form for itself. */
export type WatsonxRefusalCase = {
  readonly name: string;
  readonly request: {
    readonly method: 'GET' | 'POST' | 'PUT';
    /** With its query. */
    readonly path: string;
    /** Instead of `Bearer` and a good token; null for none. */
    readonly authorization?: string | null;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: object;
    readonly form?: Readonly<Record<string, string>>;
    /** Body text that is no JSON. */
    readonly raw?: string;
  };
  readonly response: {
    readonly status: number;
    /** `errors[0].code`, or `errorCode` of a token service. */
    readonly code: string;
    readonly message: string;
  };
  readonly source: RefusalSource;
  /** A stand-in of a kind of its own refuses it. */
  readonly options?: { readonly contextTokens?: number; readonly quotaReached?: boolean };
};

/** The rows of fixtures/watsonx-refusals.json, for a stand-in with the deployment `deployment-1`. */
export const watsonxRefusals = fixture<WatsonxRefusalCase>('watsonx-refusals');

/** The rows of fixtures/azure-refusals.json. */
export const azureRefusals = fixture<AzureRefusalCase>('azure-refusals');

/** The rows of fixtures/oci-refusals.json, for a stand-in with the one compartment `ocid1.compartment.oc1..aaaaknown`, 200 tokens of context and no API key. */
export const ociRefusals = fixture<OciRefusalCase>('oci-refusals');
