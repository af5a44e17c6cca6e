import { type Lost, look, type Part, type Turn } from '@llm-proxy-auth/plugin';

export const unheard: Lost = () => undefined;

/** Notes a part that the dialect has no form for. Its members are looked at, so that they get no lines of their own. */
export const losePart = (part: Part, param: string, why: string, lost: Lost): void => {
  look(part);
  lost(param, why);
};
/** Results whose name is another than that of the call they answer, which the id alone cannot say. */
export const loseResultNames = (turns: readonly Turn[], lost: Lost): void => {
  const names = new Map<string, string>();
  for (const { parts } of turns)
    for (const part of parts) {
      if (part.kind === 'toolCall') names.set(part.id, part.name);
      if (part.kind === 'toolResult' && part.name !== undefined && part.name !== names.get(part.id))
        lost('turns.parts.name', 'the id of the call says whose result it is', 'emulated');
    }
};
