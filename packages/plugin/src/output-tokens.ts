/**
 * Tokens of an answer, what was thought included. xAI counts that beside what was said, which only its total shows; others count it in.
 * https://docs.x.ai/docs/key-information/consumption-and-rate-limits
 */
export const outputIn = ({ input, said, thought, total }: Readonly<Record<'input' | 'said' | 'thought' | 'total', number>>): number =>
  thought > 0 && total === input + said + thought ? said + thought : said;
