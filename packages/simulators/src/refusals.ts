import { readFileSync } from 'node:fs';

/** Where a refusal is known from; exactly one of the first four members is set. */
export type RefusalSource = {
  /** File name of a recording. */
  readonly recording?: string;
  /** Section of the collected wire facts; `mark` says how good that fact is: V executed, S source or types, D vendor documentation, I issue, M memory. */
  readonly wire?: string;
  readonly mark?: string;
  /** A type of the vendor's SDK that the request breaks; that the service refuses it so is inferred. */
  readonly sdkType?: string;
  /** Known from memory only. */
  readonly memory?: true;
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

let all: readonly RefusalCase[] | undefined;

/** The rows of fixtures/refusals.json. */
export const refusals = (): readonly RefusalCase[] => {
  all ??= Object.freeze(JSON.parse(readFileSync(new URL('../fixtures/refusals.json', import.meta.url), 'utf8')) as RefusalCase[]);
  return all;
};
