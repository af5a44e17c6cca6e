/**
 * Ids for calls and results that have none: the vendor pairs them by their order and name, other vendors by an id.
 */
export interface Names {
  /** The id of a call; made of its number where it has none. */
  called(id: string | undefined, name: string): string;
  /** The id of the call that a result answers, and the name of what was called, where that is known. */
  answered(id: string | undefined, name: string | undefined): { readonly id: string; readonly called: string | undefined };
}
interface Open {
  readonly id: string;
  readonly name: string;
}
/** One for a conversation, in whose order the calls are. `mark` keeps the ids of several conversations apart. */
export const callNames = (mark: string): Names => {
  const open: Open[] = [];
  let count = 0;
  return {
    called(id, name) {
      const given = id ?? `${mark}_${count}`;
      count += 1;
      open.push({ id: given, name });
      return given;
    },
    answered(id, name) {
      const at = open.findIndex((one) => (id === undefined ? name === undefined || one.name === name : one.id === id));
      const [found] = at < 0 ? [] : open.splice(at, 1);
      return { id: id ?? found?.id ?? `${mark}_${name ?? 'unknown'}`, called: found?.name };
    },
  };
};
