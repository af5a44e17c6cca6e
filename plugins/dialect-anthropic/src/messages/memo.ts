/** What was done to a request that its answer must undo. */
export interface Memo {
  /** Names of tools as the client knows them, by those the provider got. */
  readonly names: ReadonlyMap<string, string>;
  /** Tools of free text, by the names the provider got: their input stands in one member. */
  readonly free: ReadonlySet<string>;
  /** Tools whose input stands in a member of an object, by the names the provider got. */
  readonly wrapped?: ReadonlySet<string> | undefined;
  /** The tool that stands for a JSON answer. */
  readonly answer: string | undefined;
  /** Betas were asked for that the cloud may refuse. */
  readonly betas?: boolean | undefined;
  /** The client speaks another dialect: what it cannot be told is noted where the answer is read. */
  readonly foreign?: true | undefined;
}
export const NO_MEMO: Memo = Object.freeze({ names: new Map<string, string>(), free: new Set<string>(), answer: undefined });
