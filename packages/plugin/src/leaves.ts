/**
 * Members of the conversation model whose value is one whole: JSON of the client's or vendor's own, JSON text, records of numbers.
 * Nothing of ours looks inside them.
 */
export const LEAVES: ReadonlySet<string> = new Set(['schema', 'grammar', 'payload', 'origin', 'input', 'logitBias', 'raw', 'metadata', 'webSearch']);
