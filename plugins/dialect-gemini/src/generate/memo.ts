/** What was done to a request that its answer must undo. */
export interface Memo {
  /** The request was this dialect's own: its answer stays as it is. */
  readonly mine: boolean;
  /** Names of tools as the client knows them, by those the provider got. */
  readonly names: ReadonlyMap<string, string>;
  /** The client asked for the probability of each token. */
  readonly logprobs?: true | undefined;
  /** Tools of free text, by the names the provider got: their input stands in one member. */
  readonly free: ReadonlySet<string>;
}
export const OWN: Memo = Object.freeze({ mine: true, names: new Map<string, string>(), free: new Set<string>() });
