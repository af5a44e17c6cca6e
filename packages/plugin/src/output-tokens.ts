/**
 * Tokens of an answer, what was thought included. Some vendors count that beside what was said, which only their total shows; others count it in.
 * https://docs.x.ai/docs/key-information/consumption-and-rate-limits
 */
export const outputIn = ({ input, said, thought, total }: Readonly<Record<'input' | 'said' | 'thought' | 'total', number>>): number =>
  thought > 0 && total === input + said + thought ? said + thought : said;
