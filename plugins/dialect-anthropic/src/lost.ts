import type { Lost, Usage } from '@llm-proxy-auth/plugin';

export const unheard: Lost = () => undefined;
/** Usage counts neither sound nor images apart. */
export const loseKinds = ({ audioIn, audioOut, imageIn, imageOut }: Usage, lost: Lost): void => {
  if (imageIn !== undefined || imageOut !== undefined) lost('usage.image', 'tokens of images are counted with the others here');
  if (audioIn !== undefined || audioOut !== undefined) lost('usage.audio', 'tokens of sound are counted with the others here');
};
