import type { Lost } from '@llm-proxy-auth/plugin';

export const unheard: Lost = () => undefined;
