import { type Lost, look, type Part } from '@llm-proxy-auth/plugin';

export const unheard: Lost = () => undefined;

/** Notes a part that the surface has no form for. Its members are looked at, so that they get no lines of their own. */
export const losePart = (part: Part, where: 'turns' | 'choices', why: string, lost: Lost): void => {
  look(part);
  lost(`${where}.parts.${part.kind}`, why);
};
