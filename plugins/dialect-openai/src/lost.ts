import type { Citation, Finish, Ledger, Lost, Usage } from '@llm-proxy-auth/plugin';

/** For what is only looked at. */
export const unheard: Lost = () => undefined;

/** What OpenAI's surfaces cannot say of how a choice ended. `words`: the reasons they have. */
export const loseEnd = (end: { readonly reason: Finish; readonly stopSequence?: string | undefined }, words: ReadonlySet<Finish>, ledger: Ledger): void => {
  if (!words.has(end.reason)) ledger.note('emulated', 'choices.finish', `another word stands for ${end.reason}`);
  if (end.stopSequence !== undefined) ledger.note('ignored', 'choices.stopSequence', 'the sequence that ended an answer has no place here');
};
/** Usage that somebody counted; what else counts is zeros in place of numbers that nobody said, and they are not written. */
export const countedIn = (usage: Usage | undefined): Usage | undefined =>
  usage === undefined || (usage.estimated && usage.input + usage.output === 0) ? undefined : usage;
/** Tells of usage that was not said, or that is an estimate, which has no word on the wire. */
export const loseEstimate = (usage: Usage | undefined, ledger: Ledger): void => {
  if (usage === undefined) ledger.note('ignored', 'usage', 'the provider did not say what was used');
  else if (usage.estimated) ledger.note('ignored', 'usage.estimated', 'usage is written as if it had been counted');
};
/** Usage counts no images of answers apart. */
export const loseImages = ({ imageOut }: Pick<Usage, 'imageOut'>, ledger: Ledger): void => {
  if (imageOut !== undefined) ledger.note('ignored', 'usage.image', 'tokens of images are counted with the others here');
};
/** Usage of a surface that counts neither sound nor images apart. */
export const loseKinds = ({ audioIn, audioOut, imageIn, imageOut }: Usage, ledger: Ledger): void => {
  loseImages({ imageOut: imageIn ?? imageOut }, ledger);
  if (audioIn !== undefined || audioOut !== undefined) ledger.note('ignored', 'usage.audio', 'tokens of sound are counted with the others here');
};
/** Members of a citation that its form here has not; `own`: it is written as its vendor made it. */
export const loseCitation = (citation: Citation, own: boolean, where: 'turns' | 'choices', ledger: Ledger): void => {
  if (own) return;
  const path = `${where}.parts.citations`;
  if (citation.url === undefined) return ledger.note('ignored', path, 'a citation without a URL has no form here');
  if (citation.origin !== undefined) ledger.note('ignored', `${path}.origin`, 'another vendor issued it');
  if (citation.quote !== undefined) ledger.note('ignored', `${path}.quote`, 'a citation has no quote here');
};
