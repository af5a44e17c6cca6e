import { unsupported } from '@llm-proxy-auth/plugin';

const DEEPEST = 32;
const MOST = 5000;
/** Counts the nodes of one schema, so that a small one cannot grow into a large one by its references. */
export interface Guard {
  /** Throws 400 `unsupported_parameter` below 32 levels and beyond 5000 nodes. */
  visit(depth: number): void;
}
export const guard = (param: string): Guard => {
  let nodes = 0;
  return {
    visit(depth) {
      nodes += 1;
      if (depth > DEEPEST || nodes > MOST) throw unsupported(param, `A schema has at most ${DEEPEST} levels and ${MOST} nodes.`);
    },
  };
};
