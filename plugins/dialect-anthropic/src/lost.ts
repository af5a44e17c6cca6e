import type { Lost, Usage } from '@llm-proxy-auth/plugin';

export const unheard: Lost = () => undefined;
/** Usage has no count of sound. */
export const loseSound = ({ audioIn, audioOut }: Usage, lost: Lost): void => {
  if (audioIn !== undefined || audioOut !== undefined) lost('usage.audio', 'tokens of sound are counted with the others here');
};
