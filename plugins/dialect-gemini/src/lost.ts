import type { Lost } from '@llm-proxy-auth/plugin';

/** For reading back what was written: nothing of it is told. */
export const unheard: Lost = () => undefined;
