/** Splits at commas that are not escaped: the attributes of a name as RFC 2253 writes it. */
const attributesOf = (subject: string): readonly string[] => subject.match(/(?:\\.|[^\\,])+/gs) ?? [];
const ATTRIBUTE = /^[A-Za-z0-9.]+=.+$/s;

/** Matches a whole subject; `CN=*` stands for any value of that one attribute. Undefined when the pattern is no name. */
export const subjectPattern = (pattern: string): ((subject: string) => boolean) | undefined => {
  const wanted = attributesOf(pattern);
  if (wanted.length === 0 || !wanted.every((attribute) => ATTRIBUTE.test(attribute)) || wanted.join(',') !== pattern) return undefined;
  return (subject) => {
    const found = attributesOf(subject);
    return (
      found.length === wanted.length &&
      wanted.every((attribute, i) => (attribute.endsWith('=*') ? found[i]?.startsWith(attribute.slice(0, -1)) === true : found[i] === attribute))
    );
  };
};

/** What Node prints one attribute a line, the first of the certificate first, as RFC 2253 writes it: the last one first. */
export const subjectOf = (lines: string): string => lines.split('\n').toReversed().join(',');
