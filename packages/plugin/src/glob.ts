/** A compiled glob: `*` stands for any run of characters, everything else for itself; anchored, case-sensitive, linear time. */
export type Glob = (text: string) => boolean;

export const compileGlob = (pattern: string): Glob => {
  if (pattern === '*') return () => true;
  const pieces = pattern.split('*');
  const first = pieces[0] ?? '';
  if (pieces.length === 1) return (text) => text === pattern;
  const last = pieces[pieces.length - 1] ?? '';
  const middle = pieces.slice(1, -1).filter((p) => p !== '');
  const shortest = first.length + last.length;
  return (text) => {
    if (text.length < shortest || !text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    const end = text.length - last.length;
    for (const piece of middle) {
      const found = text.indexOf(piece, at);
      if (found < 0 || found + piece.length > end) return false;
      at = found + piece.length;
    }
    return true;
  };
};

/** True when any pattern matches; an undefined list allows everything. */
export const compileGlobs = (patterns: readonly string[] | undefined): Glob => {
  if (patterns === undefined) return () => true;
  const exact = new Set(patterns.filter((p) => !p.includes('*')));
  const globs = patterns.filter((p) => p.includes('*')).map(compileGlob);
  return (text) => exact.has(text) || globs.some((g) => g(text));
};
