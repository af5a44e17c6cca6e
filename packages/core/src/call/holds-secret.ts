/** No secret is shorter. */
const BEGINNING = 8;
/** So many are searched for one by one. */
const FEW = 8;

const finders = new WeakMap<readonly string[], (text: string) => boolean>();
const finder = (secrets: readonly string[]): ((text: string) => boolean) => {
  if (secrets.length <= FEW) return (text) => secrets.some((secret) => text.includes(secret));
  const byBeginning = new Map<string, string[]>();
  for (const secret of secrets) {
    const beginning = secret.slice(0, BEGINNING);
    const known = byBeginning.get(beginning);
    if (known === undefined) byBeginning.set(beginning, [secret]);
    else known.push(secret);
  }
  return (text) => {
    for (let at = 0; at + BEGINNING <= text.length; at++)
      if (byBeginning.get(text.slice(at, at + BEGINNING))?.some((secret) => text.startsWith(secret, at)) === true) return true;
    return false;
  };
};
/** Whether a text holds one of these secrets of 8 characters and more; with thousands of them it costs what it does with ten. */
export const holdsOneOf = (secrets: readonly string[]): ((text: string) => boolean) => {
  const known = finders.get(secrets);
  if (known !== undefined) return known;
  const made = finder(secrets);
  finders.set(secrets, made);
  return made;
};
