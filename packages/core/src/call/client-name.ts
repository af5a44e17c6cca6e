type Names = Readonly<Record<string, string>>;

const FIELD = 'rest.fields.';

/** `path` itself, or the longest part of it that has a name, with what stands behind it. */
const named = (path: string, names: Names): string | undefined => {
  for (let end = path.length; end > 0; end = path.lastIndexOf('.', end - 1)) {
    const head = path.slice(0, end);
    if (Object.hasOwn(names, head)) return `${names[head]}${path.slice(end)}`;
  }
  return undefined;
};
/**
 * A place in the conversation (`sampling.topK`, `turns.parts.rest.phase`, `rest.fields.logit_bias`) as the client calls it. `names`:
 * of its surface; a name for a place is also the beginning of the names of what stands in it. What has no name stays as it is.
 */
export const clientName = (path: string, names: Names): string => (path.startsWith(FIELD) ? path.slice(FIELD.length) : (named(path, names) ?? path));
