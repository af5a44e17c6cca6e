/** A token that is no good; `reason` is a word for the log, never a part of the token. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly reason: string;
  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}
export const refuse = (reason: string): never => {
  throw new Refused(reason);
};
